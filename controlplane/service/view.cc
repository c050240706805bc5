#include "controlplane/service/view.h"

#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "common/stats/process.h"
#include "common/stats/render_rows.h"
#include "common/stats/row.h"
#include "common/stats/sum.h"
#include "controlplane/service/history.h"

namespace lb::service {
namespace {

constexpr Millis kPollLimit(250);
constexpr uint32_t kListedEvents = 100;

std::optional<std::string> Named(const std::string& node) {
  if (node.empty()) return std::nullopt;
  return node;
}

// "maint by root@host, lbctl since 2025-01-31 12:00:00": everything an operator has pinned.
std::string OverrideText(const Overrides& overrides) {
  std::string text;
  for (const auto& [kind, value] : overrides) {
    const char* what = "";
    if (kind == store::OverrideKind::kWeight) what = "weight ";
    if (kind == store::OverrideKind::kAddress) what = "addr ";
    if (kind == store::OverrideKind::kMaxconn) what = "maxconn ";
    absl::StrAppend(&text, text.empty() ? "" : "; ", what, value.value);
    if (!value.origin.empty()) absl::StrAppend(&text, " by ", value.origin);
    absl::StrAppend(&text, " since ",
                    absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixMillis(value.set_unix_ms),
                                     absl::LocalTimeZone()));
  }
  return text;
}

}  // namespace

int64_t View::NowUnixMs() const { return UnixMillis(parts_.clock->WallNow()); }

void View::Counters(const std::optional<std::string>& node, Done<v1::Counters> done) {
  if (node.has_value()) {
    auto it = parts_.fleet->nodes().find(*node);
    if (it == parts_.fleet->nodes().end() || !it->second.is_connected) {
      done(absl::NotFoundError(absl::StrCat("no data plane '", *node, "' is connected")));
      return;
    }
  }
  v1::ToDataPlane question;
  question.mutable_poll();
  parts_.fleet->Ask(std::move(question), node, kPollLimit,
                    [this, node, done = std::move(done)](const fleet::Gathered&) {
                      std::vector<v1::Counters> counters;
                      for (const auto& [name, entry] : parts_.fleet->nodes()) {
                        const bool is_asked = !node.has_value() || *node == name;
                        if (entry.is_connected && is_asked) counters.push_back(entry.counters);
                      }
                      done(stats::Sum(counters));
                    });
}

void View::Stat(const v1::GetStatRequest& request, Done<v1::GetStatReply> done) {
  Counters(Named(request.node()), [this, done = std::move(done)](absl::StatusOr<v1::Counters> c) {
    if (!c.ok()) {
      done(c.status());
      return;
    }
    stats::StateMap states;
    for (v1::ServerState& state : parts_.book->AllStates()) states[state.id()] = std::move(state);
    v1::GetStatReply reply;
    reply.set_csv(stats::RenderCsv(stats::BuildRows(*parts_.book->snapshot(), *c, states,
                                                    NowUnixMs(), parts_.book->BackendHealths())));
    done(std::move(reply));
  });
}

void View::Info(const v1::GetInfoRequest& request, Done<v1::GetInfoReply> done) {
  Counters(Named(request.node()), [this, done = std::move(done)](absl::StatusOr<v1::Counters> c) {
    if (!c.ok()) {
      done(c.status());
      return;
    }
    stats::ProcessInput input;
    input.version = parts_.version;
    input.snapshot = parts_.book->snapshot().get();
    input.counters = c->process();
    for (const v1::Frontend& frontend : parts_.book->snapshot()->frontends()) {
      input.listeners += static_cast<uint64_t>(frontend.binds_size());
    }
    input.now_unix_ms = NowUnixMs();
    v1::GetInfoReply reply;
    reply.set_text(stats::RenderProcessText(stats::BuildProcessItems(input)));
    done(std::move(reply));
  });
}

void View::Servers(const v1::ListServersRequest& request, Done<v1::ListServersReply> done) {
  if (!request.backend().empty() && parts_.book->FindBackend(request.backend()) == nullptr) {
    done(absl::NotFoundError("No such backend."));
    return;
  }
  Counters(std::nullopt, [this, backend = request.backend(),
                          done = std::move(done)](absl::StatusOr<v1::Counters> counters) {
    if (!counters.ok()) {
      done(counters.status());
      return;
    }
    done(ServersWith(backend, *counters));
  });
}

v1::ListServersReply View::ServersWith(const std::string& backend,
                                       const v1::Counters& counters) const {
  std::unordered_map<ServerId, uint32_t> sessions;
  for (const v1::BackendCounters& c : counters.servers()) sessions[c.id()] = c.current_sessions();
  v1::ListServersReply reply;
  for (ServerId id : parts_.book->order()) {
    const ServerEntry& entry = *parts_.book->Find(id);
    if (!backend.empty() && entry.backend != backend) continue;
    v1::ServerEntry* out = reply.add_servers();
    out->set_backend(entry.backend);
    out->set_server(entry.server);
    out->set_address(entry.address());
    *out->mutable_state() = ServerBook::StateOf(entry);
    if (auto it = sessions.find(id); it != sessions.end()) out->set_current_sessions(it->second);
    out->set_operator_override(OverrideText(entry.overrides));
    out->set_config_weight(entry.config->weight());
    out->set_backup(entry.config->backup());
  }
  return reply;
}

v1::ListNodesReply View::Nodes() const {
  v1::ListNodesReply reply;
  reply.set_revision(parts_.fleet->current()->revision());
  for (const auto& [name, node] : parts_.fleet->nodes()) {
    v1::NodeEntry* out = reply.add_nodes();
    out->set_node(name);
    out->set_group(node.hello.group());
    out->set_version(node.hello.version());
    out->set_peer(node.peer);
    out->set_is_connected(node.is_connected);
    out->set_revision(node.revision);
    out->set_stage(node.stage);
    out->set_since_unix_ms(UnixMillis(node.since));
    out->set_current_sessions(node.counters.process().current_connections());
    out->set_last_error(node.last_error);
    out->set_pid(node.hello.pid());
    *out->mutable_labels() = node.hello.labels();
  }
  return reply;
}

void View::Events(const v1::ListEventsRequest& request, Done<v1::ListEventsReply> done) {
  store::EventQuery query;
  query.limit = request.limit() == 0 ? kListedEvents : request.limit();
  if (!request.server().empty()) query.subject = request.server();
  parts_.store->Read([query](store::StateStore* store) { return store->ListEvents(query); },
                     [done = std::move(done)](absl::StatusOr<std::vector<store::Event>> events) {
                       if (!events.ok()) {
                         done(events.status());
                         return;
                       }
                       v1::ListEventsReply reply;
                       for (const store::Event& event : *events)
                         *reply.add_events() = ToProto(event);
                       done(std::move(reply));
                     });
}

uint32_t View::CurrentSessions(ServerId id) const {
  uint32_t sessions = 0;
  for (const auto& [name, node] : parts_.fleet->nodes()) {
    for (const v1::BackendCounters& server : node.counters.servers()) {
      if (server.id() == id) sessions += server.current_sessions();
    }
  }
  return sessions;
}

}  // namespace lb::service
