// A RuntimeBackend of a small configuration, which records what it is asked to change and answers
// at once, or when told to.
#ifndef LB_TESTS_UNIT_CONTROLPLANE_SERVICE_RUNTIME_FAKE_BACKEND_H_
#define LB_TESTS_UNIT_CONTROLPLANE_SERVICE_RUNTIME_FAKE_BACKEND_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "controlplane/service/runtime/runtime_backend.h"

namespace lb::service {

class FakeBackend : public RuntimeBackend {
 public:
  FakeBackend() : snapshot_(std::make_shared<v1::Snapshot>()) {
    v1::Frontend* web = snapshot_->add_frontends();
    web->mutable_common()->set_name("web");
    web->mutable_common()->set_proxy_number(2);
    web->add_binds();
    AddBackend("app", 3);
    AddServer("app", "s1", v1::SERVER_NO_CHECK, 10);
    AddServer("app", "s2", v1::SERVER_UP, 20);
    AddServer("app", "s3", v1::SERVER_DOWN, 1);
    AddBackend("empty", 4);
  }

  void AddBackend(const std::string& name, uint32_t number) {
    v1::Backend* backend = snapshot_->add_backends();
    backend->mutable_common()->set_name(name);
    backend->mutable_common()->set_proxy_number(number);
  }

  void AddTlsFile(const std::string& name, v1::TlsFile::Kind kind) {
    v1::TlsFile* file = snapshot_->add_tls_files();
    file->set_name(name);
    file->set_kind(kind);
  }

  void AddServer(const std::string& backend_name, const std::string& name, v1::ServerStatus status,
                 uint32_t weight) {
    v1::Backend* backend = snapshot_->mutable_backends(snapshot_->backends_size() - 1);
    v1::Server* server = backend->add_servers();
    server->set_name(name);
    server->set_number(static_cast<uint32_t>(backend->servers_size()));
    server->set_address(absl::StrCat("127.0.0.1:", 16100 + backend->servers_size()));
    server->set_weight(weight);
    server->set_pool_purge_delay_ms(5000);
    server->set_is_checked(status != v1::SERVER_NO_CHECK);
    v1::ServerState& state = State(backend_name, name);
    state.set_status(status);
    state.set_weight(weight);
    state.set_status_text(status == v1::SERVER_UP     ? "UP"
                          : status == v1::SERVER_DOWN ? "DOWN"
                                                      : "no check");
    if (!server->is_checked()) return;
    state.set_check_status(status == v1::SERVER_UP ? "L4OK" : "L4CON");
    state.set_check_health(status == v1::SERVER_UP ? 4 : 0);
  }

  v1::ServerState& State(const std::string& backend, const std::string& server) {
    return states[ServerIdOf(backend, server)];
  }

  void GetView(Needs, Done<RuntimeView> done) override {
    RuntimeView view;
    view.snapshot = snapshot_;
    view.states = states;
    view.counters = counters;
    done(std::move(view));
  }
  std::vector<std::string> DescribeCertificates(const v1::TlsFile& file) override {
    return {absl::StrCat("Subject: of ", file.name(), "\n")};
  }
  void ListSessions(Done<std::vector<v1::SessionEntry>> done) override { done(sessions); }
  void ListBadMessages(Done<BadMessages> done) override { done(bad_messages); }
  absl::StatusOr<bool> SetTlsFile(v1::TlsFile::Kind kind, const std::string& name,
                                  const std::string& payload) override {
    if (!tls_result.ok()) return tls_result;
    log.push_back(absl::StrCat("set ", name, ": ", payload));
    const bool is_new = !pending.contains(kind);
    pending[kind].set_name(name);
    return is_new;
  }
  const v1::TlsFile* PendingTlsFile(v1::TlsFile::Kind kind) override {
    return pending.contains(kind) ? &pending[kind] : nullptr;
  }
  void CommitTlsFile(v1::TlsFile::Kind kind, const CommandOrigin& origin,
                     Done<absl::StatusOr<std::string>> done) override {
    last_origin = origin;
    if (!absl::IsInvalidArgument(tls_result)) pending.erase(kind);
    if (!tls_result.ok()) return done(tls_result);
    done(tls_notes);
  }
  void AbortTlsFile(v1::TlsFile::Kind kind) override { pending.erase(kind); }
  std::string WhoReplacedTlsFile(v1::TlsFile::Kind, const std::string& name) override {
    return name == replaced ? "root, now" : "";
  }
  void SetServer(const std::string& backend, const std::string& server, const ServerChange& change,
                 const CommandOrigin& origin, Done<absl::Status> done) override {
    static constexpr const char* kKinds[] = {"state", "weight", "address", "health", "maxconn"};
    log.push_back(absl::StrCat("set ", backend, "/", server, " ",
                               kKinds[static_cast<int>(change.kind)], " ", change.value,
                               change.port == 0 ? "" : absl::StrCat(":", change.port)));
    last_origin = origin;
    Answer([this, done] { done(result); });
  }
  void ShutdownServerSessions(const std::string& backend, const std::string& server,
                              const CommandOrigin&, Done<absl::StatusOr<uint64_t>> done) override {
    log.push_back(absl::StrCat("shutdown ", backend, "/", server));
    Answer([done] { done(3); });
  }
  void ClearCounters(bool all, const CommandOrigin&, Done<absl::Status> done) override {
    log.push_back(all ? "clear all" : "clear maxima");
    Answer([this, done] { done(result); });
  }

  // Gives the answers that were held back.
  void AnswerAll() {
    for (auto& answer : std::exchange(held_, {})) answer();
  }

  std::unordered_map<ServerId, v1::ServerState> states;
  v1::Counters counters;
  std::vector<v1::SessionEntry> sessions;
  BadMessages bad_messages;
  std::map<v1::TlsFile::Kind, v1::TlsFile> pending;
  absl::Status tls_result;
  std::string tls_notes;
  std::string replaced;
  absl::Status result;
  bool holds_answers = false;
  std::vector<std::string> log;
  CommandOrigin last_origin;

 private:
  void Answer(std::function<void()> answer) {
    if (holds_answers) {
      held_.push_back(std::move(answer));
    } else {
      answer();
    }
  }

  std::shared_ptr<v1::Snapshot> snapshot_;
  std::vector<std::function<void()>> held_;
};

}  // namespace lb::service

#endif  // LB_TESTS_UNIT_CONTROLPLANE_SERVICE_RUNTIME_FAKE_BACKEND_H_
