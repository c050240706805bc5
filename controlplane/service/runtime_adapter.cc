#include "controlplane/service/runtime_adapter.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "controlplane/config/tls/certificates.h"

namespace lb::service {
namespace {

v1::Origin ToProto(const CommandOrigin& origin) {
  v1::Origin out;
  out.set_user(origin.user);
  out.set_host(origin.host);
  out.set_program(origin.program);
  return out;
}

// A lagging data plane gets the state when it answers again; the order itself has been carried out.
std::function<void(absl::StatusOr<v1::SetServerReply>)> StatusOnly(
    std::function<void(absl::Status)> done) {
  return
      [done = std::move(done)](absl::StatusOr<v1::SetServerReply> reply) { done(reply.status()); };
}

}  // namespace

void RuntimeAdapter::GetView(Needs needs, Done<RuntimeView> done) {
  auto answer = [this, done = std::move(done)](absl::StatusOr<v1::Counters> counters) {
    RuntimeView view;
    view.snapshot = controller_->book().snapshot();
    for (v1::ServerState& state : controller_->book().AllStates()) {
      view.states[state.id()] = std::move(state);
    }
    view.backends = controller_->book().BackendHealths();
    if (counters.ok()) view.counters = *std::move(counters);
    done(std::move(view));
  };
  if (needs == Needs::kCounters) {
    controller_->view().Counters(std::nullopt, std::move(answer));
  } else {
    answer(v1::Counters());
  }
}

// The lines are those of HAProxy's "show ssl cert"; the warning is ours.
std::vector<std::string> RuntimeAdapter::DescribeCertificates(const v1::TlsFile& file) {
  const WallTime now = controller_->loop()->clock().WallNow();
  if (file.kind() == v1::TlsFile::REVOCATIONS) return config::DescribeRevocations(file.pem());
  std::vector<std::string> texts;
  for (const config::CertificateInfo& info : config::DescribeCertificates(file.pem())) {
    std::string& text = texts.emplace_back();
    absl::StrAppend(&text, "Serial: ", info.serial, "\nnotBefore: ", UtcText(info.not_before),
                    "\nnotAfter: ", UtcText(info.not_after),
                    "\nSubject Alternative Name: ", absl::StrJoin(info.alternatives, ", "),
                    "\nAlgorithm: ", info.key, "\nSHA1 FingerPrint: ", info.sha1,
                    "\nSubject: ", info.subject, "\nIssuer: ", info.issuer, "\n");
    if (auto warning = config::ExpiryWarning(info.not_after, now); warning.has_value()) {
      absl::StrAppend(&text, "Warning: ", *warning, "\n");
    }
  }
  return texts;
}

void RuntimeAdapter::ListSessions(Done<std::vector<v1::SessionEntry>> done) {
  controller_->servers().ListSessions(
      [done = std::move(done)](absl::StatusOr<v1::ListSessionsReply> reply) {
        std::vector<v1::SessionEntry> sessions;
        if (reply.ok()) {
          sessions.assign(reply->sessions().begin(), reply->sessions().end());
        }
        done(std::move(sessions));
      });
}

void RuntimeAdapter::ListBadMessages(Done<BadMessages> done) {
  controller_->servers().ListBadMessages([done = std::move(done)](ServerOps::BadMessages all) {
    done(BadMessages{all.total, std::move(all.messages)});
  });
}

absl::StatusOr<bool> RuntimeAdapter::SetTlsFile(v1::TlsFile::Kind kind, const std::string& name,
                                                const std::string& payload) {
  return controller_->tls_changes().Set(kind, name, payload);
}

const v1::TlsFile* RuntimeAdapter::PendingTlsFile(v1::TlsFile::Kind kind) {
  return controller_->tls_changes().Pending(kind);
}

void RuntimeAdapter::CommitTlsFile(v1::TlsFile::Kind kind, const CommandOrigin& origin,
                                   Done<absl::StatusOr<std::string>> done) {
  controller_->tls_changes().Commit(
      kind, ToProto(origin), [done = std::move(done)](absl::StatusOr<v1::SetTlsFileReply> reply) {
        if (!reply.ok()) {
          done(reply.status());
          return;
        }
        std::string lines;
        for (const std::string& warning : reply->warnings()) {
          absl::StrAppend(&lines, "Warning: ", warning, "\n");
        }
        for (const v1::NodeResult& node : reply->nodes()) {
          if (node.stage() == "serving") continue;
          absl::StrAppend(&lines, "Warning: data plane '", node.node(), "' is ", node.stage(), ": ",
                          node.reason(), "\n");
        }
        done(lines);
      });
}

void RuntimeAdapter::AbortTlsFile(v1::TlsFile::Kind kind) {
  controller_->tls_changes().Abort(kind);
}

std::string RuntimeAdapter::WhoReplacedTlsFile(v1::TlsFile::Kind kind, const std::string& name) {
  const auto& replaced = controller_->revisions().serving()->replaced;
  auto found = replaced.find({kind, name});
  return found == replaced.end() ? "" : found->second;
}

void RuntimeAdapter::SetServer(const std::string& backend, const std::string& server,
                               const ServerChange& change, const CommandOrigin& origin,
                               Done<absl::Status> done) {
  if (change.kind == ServerChange::Kind::kMaxconn) {
    const auto maxconn = static_cast<uint32_t>(std::strtoul(change.value.c_str(), nullptr, 10));
    controller_->servers().SetMaxconn(backend, server, maxconn, ToProto(origin),
                                      StatusOnly(std::move(done)));
    return;
  }
  v1::SetServerRequest request;
  request.set_backend(backend);
  request.set_server(server);
  *request.mutable_origin() = ToProto(origin);
  switch (change.kind) {
    case ServerChange::Kind::kState:
      request.set_state(change.value);
      break;
    case ServerChange::Kind::kWeight:
      request.set_weight(change.value);
      break;
    case ServerChange::Kind::kHealth:
      request.set_health(change.value);
      break;
    default:
      request.mutable_address()->set_address(change.value);
      request.mutable_address()->set_port(change.port);
      break;
  }
  controller_->servers().SetServer(request, StatusOnly(std::move(done)));
}

void RuntimeAdapter::ShutdownServerSessions(const std::string& backend, const std::string& server,
                                            const CommandOrigin& origin,
                                            Done<absl::StatusOr<uint64_t>> done) {
  v1::ShutdownServerSessionsRequest request;
  request.set_backend(backend);
  request.set_server(server);
  *request.mutable_origin() = ToProto(origin);
  controller_->servers().ShutdownSessions(
      request, [done = std::move(done)](absl::StatusOr<v1::ShutdownServerSessionsReply> reply) {
        if (reply.ok()) {
          done(reply->closed());
        } else {
          done(reply.status());
        }
      });
}

void RuntimeAdapter::ClearCounters(bool all, const CommandOrigin& origin, Done<absl::Status> done) {
  v1::ClearCountersRequest request;
  request.set_all(all);
  *request.mutable_origin() = ToProto(origin);
  controller_->servers().ClearCounters(
      request, [done = std::move(done)](const absl::StatusOr<v1::ClearCountersReply>& reply) {
        done(reply.status());
      });
}

}  // namespace lb::service
