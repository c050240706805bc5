// A controller with everything around it faked but the store: a clock that stands still, a check
// engine that the test is, log targets that remember, data planes that answer as they are told.
//
// Configurations are written in a few words: "web: s1=10.0.0.1:80 s2=10.0.0.2:80 !nocheck\n", one
// backend a line; "tls NAME FILE" is a bind line with that certificate; a file that says "error"
// does not compile.
#ifndef LB_TESTS_UNIT_CONTROLPLANE_SERVICE_CONTROLLER_FIXTURE_H_
#define LB_TESTS_UNIT_CONTROLPLANE_SERVICE_CONTROLLER_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/config/tls/certificates.h"
#include "controlplane/service/controller.h"
#include "controlplane/store/sqlite_store.h"
#include "tests/testing/fleet_messages.h"
#include "tests/testing/temp_dir.h"

namespace lb::service {

inline std::optional<config::Compiled> FakeCompile(const std::vector<config::SourceFile>& files,
                                                   Diagnostics* diagnostics) {
  config::Compiled compiled;
  for (const config::SourceFile& file : files) {
    std::istringstream lines(file.text);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("#")) continue;
      if (line == "error") {
        diagnostics->Error({file.path, 1, 1, 5, line}, "unknown keyword 'error'");
        continue;
      }
      std::istringstream words(line);
      std::string word;
      words >> word;
      if (word == "tls") {  // tls NAME FILE: a certificate
        std::string path;
        words >> word >> path;
        std::ifstream in(path);
        const std::string pem((std::istreambuf_iterator<char>(in)), {});
        auto loaded = config::ParseCertificate(word, {.pem = pem}, WallTime());
        if (!loaded.ok()) {
          diagnostics->Error({file.path, 1, 1, 5, line}, std::string(loaded.status().message()));
          continue;
        }
        *compiled.snapshot.add_tls_files() = std::move(loaded->file);
        v1::Bind* bind = compiled.snapshot.add_frontends()->add_binds();
        bind->mutable_tls()->add_certificates()->set_file(word);
        continue;
      }
      if (word == "socket") {
        words >> word;
        compiled.control.stats_sockets.push_back({.address = word});
        continue;
      }
      v1::Backend* backend = compiled.snapshot.add_backends();
      backend->mutable_common()->set_name(word.substr(0, word.size() - 1));
      while (words >> word) {
        const size_t equals = word.find('=');
        v1::Server* server = backend->add_servers();
        server->set_name(word.substr(0, equals));
        server->set_address(word.substr(equals + 1));
        server->set_weight(10);
        server->set_disabled(server->name() == "off");
        server->set_backup(server->name().starts_with("backup"));
        server->set_is_checked(!server->name().starts_with("plain"));
        if (!server->is_checked()) continue;
        v1::HealthCheck* check = server->mutable_health_check();
        check->set_kind(v1::HealthCheck::TCP);
        check->set_address(server->address());
        check->set_inter_ms(1000);
        check->set_rise(2);
        check->set_fall(3);
        check->set_check_timeout_ms(2000);
      }
    }
  }
  if (diagnostics->has_errors()) return std::nullopt;
  return compiled;
}

class FakeChecker : public Checker {
 public:
  void SetObserver(Observer observer) override { observer_ = std::move(observer); }
  void SetTargets(std::vector<checks::Target> targets, uint32_t) override {
    this->targets = std::move(targets);
  }
  void SetPace(ServerId id, checks::Pace pace) override { paces[id] = pace; }

  void Report(ServerId id, checks::CheckStatus status) {
    checks::CheckResult result;
    result.status = status;
    result.duration = Millis(1);
    observer_(id, result);
  }

  std::vector<checks::Target> targets;
  std::map<ServerId, checks::Pace> paces;

 private:
  Observer observer_;
};

class FakeSink : public LineSink {
 public:
  void Configure(const v1::Snapshot&) override {}
  void Send(const std::string&, const checks::StateLine& line) override {
    lines.push_back(line.text);
  }

  std::vector<std::string> lines;
};

class FakeSockets : public StatsSockets {
 public:
  absl::Status Prepare(const config::ControlSettings& control) override {
    for (const config::StatsSocket& socket : control.stats_sockets) {
      if (socket.address == "unix:/taken") {
        return absl::UnavailableError("stats socket unix:/taken: in use");
      }
    }
    prepared = control.stats_sockets.size();
    return absl::OkStatus();
  }
  void Commit() override { open = std::exchange(prepared, 0); }
  void Abort() override { prepared = 0; }

  size_t prepared = 0;
  size_t open = 0;
};

// A data plane on the loop's own thread: it hears at once and answers in the next turn, as told.
class LocalNode {
 public:
  LocalNode(Controller* controller, std::string name)
      : controller_(controller), name_(std::move(name)) {}

  void Join(uint64_t revision = 0, const std::string& hash = "") {
    member_ = controller_->fleet().Connect(std::make_unique<NodeLink>(this));
    Say(testing::HelloOf(name_, 77, revision, hash));
  }
  void Vanish() { controller_->fleet().Disconnect(member_, "connection lost"); }
  void Say(const v1::FromDataPlane& message) { controller_->fleet().Receive(member_, message); }

  // What the node would do with the state of a server now.
  v1::ServerStatus StatusOf(ServerId id) const {
    auto it = states.find(id);
    return it == states.end() ? v1::SERVER_STATUS_UNSPECIFIED : it->second.status();
  }

  std::string nack;  // not empty: refuses the next Prepare with this reason
  bool is_silent = false;
  uint64_t serving = 0;
  std::string served_pem;  // of the last TLS file sent
  std::map<ServerId, v1::ServerState> states;
  uint64_t affected = 3;  // by each command
  v1::Counters counters;

 private:
  class NodeLink : public fleet::Link {
   public:
    explicit NodeLink(LocalNode* node) : node_(node) {}
    void Send(fleet::Outgoing message) override {
      node_->controller_->loop()->Post([node = node_, message] { node->Hear(*message); });
    }
    void Close() override {}
    std::string peer() const override { return "10.0.0.9:1"; }

   private:
    LocalNode* node_;
  };

  void Take(const v1::ServerState& state) { states[state.id()] = state; }

  void Hear(const v1::ToDataPlane& message) {
    if (is_silent) return;
    v1::FromDataPlane answer;
    switch (message.message_case()) {
      case v1::ToDataPlane::kPrepare:
        HearPrepare(message.prepare());
        return;
      case v1::ToDataPlane::kCommit:
        for (const v1::ServerState& state : prepared_) Take(state);
        serving = message.commit().revision();
        served_pem = prepared_pem_;
        Say(testing::AckOf(serving, v1::Ack::APPLIED));
        Say(testing::AckOf(serving, v1::Ack::SERVING));
        return;
      case v1::ToDataPlane::kStates:
        for (const v1::ServerState& state : message.states().states()) Take(state);
        Say(testing::StatesAppliedOf(message.states().version()));
        return;
      case v1::ToDataPlane::kPoll:
        answer.mutable_report()->set_poll_id(message.poll().id());
        *answer.mutable_report()->mutable_counters() = counters;
        Say(answer);
        return;
      case v1::ToDataPlane::kListSessions:
        answer.mutable_sessions()->set_id(message.list_sessions().id());
        answer.mutable_sessions()->add_sessions()->set_client("10.0.0.1:5");
        Say(answer);
        return;
      case v1::ToDataPlane::kListBadMessages:
        answer.mutable_bad_messages()->set_id(message.list_bad_messages().id());
        answer.mutable_bad_messages()->set_total(4);
        answer.mutable_bad_messages()->add_messages()->set_frontend("web");
        Say(answer);
        return;
      case v1::ToDataPlane::kShutdownSessions:
        Say(testing::CommandDoneOf(message.shutdown_sessions().id(), affected));
        return;
      case v1::ToDataPlane::kClearCounters:
        counters.Clear();
        Say(testing::CommandDoneOf(message.clear_counters().id(), 0));
        return;
      default:
        return;
    }
  }

  void HearPrepare(const v1::Prepare& prepare) {
    const uint64_t revision =
        prepare.has_full() ? prepare.full().revision() : prepare.delta().revision();
    for (const v1::TlsFile& file :
         prepare.has_full() ? prepare.full().tls_files() : prepare.delta().tls_files()) {
      prepared_pem_ = file.pem();
    }
    prepared_.assign(prepare.states().begin(), prepare.states().end());
    if (!nack.empty()) {
      Say(testing::NackOf(revision, "frontend www, bind *:80", std::exchange(nack, "")));
    } else {
      Say(testing::AckOf(revision, v1::Ack::VALIDATED));
    }
  }

  Controller* controller_;
  std::string name_;
  fleet::MemberId member_ = 0;
  std::vector<v1::ServerState> prepared_;
  std::string prepared_pem_;
};

class ControllerFixture : public ::testing::Test {
 protected:
  ~ControllerFixture() override { controller_.reset(); }

  // Starts, or after a Stop() starts again, with `text`; "" for what the store has.
  absl::Status Start(const std::string& text) {
    auto store = store::SqliteStore::Open(directory_ + "/state.db");
    if (!store.ok()) return store.status();
    std::vector<config::SourceFile> files;
    if (!text.empty()) files.push_back({"lb.cfg", text});
    Diagnostics diagnostics;
    auto starting = LoadStart(store->get(), files, FakeCompile, clock_, &diagnostics);
    if (!starting.ok()) return starting.status();
    ControllerParts parts;
    parts.store = *std::move(store);
    parts.compile = FakeCompile;
    auto log = std::make_unique<FakeSink>();
    auto checker = std::make_unique<FakeChecker>();
    log_ = log.get();
    checker_ = checker.get();
    parts.log = std::move(log);
    parts.checker = std::move(checker);
    loop_ = std::make_unique<event::EventLoop>(clock_);
    controller_ = std::make_unique<Controller>(
        loop_.get(), ControllerOptions{"1.0", "lbcontrold", directory_, {}}, std::move(parts));
    controller_->SetStatsSockets(&sockets_);
    return controller_->Begin(*std::move(starting));
  }
  // As a kill does: nothing more is asked of the controller.
  void Stop() {
    controller_.reset();
    loop_.reset();
  }

  void Turn() { loop_->RunOnce(Millis(1)); }
  template <typename Condition>
  bool TurnUntil(Condition condition) {
    for (int i = 0; i < 5000 && !condition(); ++i) Turn();
    return condition();
  }
  void After(Millis delay) {
    clock_.Advance(delay);
    for (int i = 0; i < 3; ++i) Turn();
  }

  // Runs an operation and waits for its answer.
  template <typename T, typename Operation>
  absl::StatusOr<T> Await(Operation operation) {
    std::optional<absl::StatusOr<T>> answer;
    operation([&](absl::StatusOr<T> a) { answer = std::move(a); });
    if (!TurnUntil([&] { return answer.has_value(); })) return absl::UnknownError("no answer");
    return *std::move(answer);
  }

  absl::StatusOr<v1::ApplyReply> Apply(const std::string& text) {
    v1::ApplyRequest request;
    request.add_files()->set_text(text);
    request.set_message("a change");
    request.mutable_origin()->set_user("root");
    return Await<v1::ApplyReply>([&](auto done) { controller_->revisions().Apply(request, done); });
  }
  absl::StatusOr<v1::SetServerReply> Set(v1::SetServerRequest request) {
    request.mutable_origin()->set_user("root");
    return Await<v1::SetServerReply>(
        [&](auto done) { controller_->servers().SetServer(request, done); });
  }
  absl::StatusOr<v1::SetServerReply> SetState(const std::string& backend, const std::string& server,
                                              const std::string& state) {
    v1::SetServerRequest request;
    request.set_backend(backend);
    request.set_server(server);
    request.set_state(state);
    return Set(request);
  }
  // A server's verdict, until it is up or down.
  void Pass(ServerId id) {
    for (int i = 0; i < 2; ++i) checker_->Report(id, checks::CheckStatus::kL4Ok);
    Turn();
  }
  void Fail(ServerId id) {
    for (int i = 0; i < 4; ++i) checker_->Report(id, checks::CheckStatus::kL4Connection);
    Turn();
  }
  v1::ServerState StateOf(ServerId id) {
    return ServerBook::StateOf(*controller_->book().Find(id));
  }
  std::vector<std::string> EventTexts(const std::string& subject = "") {
    v1::ListEventsRequest request;
    request.set_server(subject);
    auto reply =
        Await<v1::ListEventsReply>([&](auto done) { controller_->view().Events(request, done); });
    std::vector<std::string> texts;
    if (reply.ok()) {
      for (const v1::Event& event : reply->events()) texts.push_back(event.text());
    }
    return texts;
  }

  testing::TempDir temp_;
  const std::string& directory_ = temp_.path();
  FakeClock clock_;
  std::unique_ptr<event::EventLoop> loop_;
  FakeSockets sockets_;
  FakeSink* log_ = nullptr;
  FakeChecker* checker_ = nullptr;
  std::unique_ptr<Controller> controller_;
  const ServerId s1_ = ServerIdOf("web", "s1");
  const ServerId s2_ = ServerIdOf("web", "s2");
};

inline constexpr char kWeb[] = "web: s1=10.0.0.1:80 s2=10.0.0.2:80\n";

}  // namespace lb::service

#endif  // LB_TESTS_UNIT_CONTROLPLANE_SERVICE_CONTROLLER_FIXTURE_H_
