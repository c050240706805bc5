#include "dataplane/server/session_report.h"

#include <string>

namespace lb::server {
namespace {

const char* ProtocolOf(const Address& address) {
  switch (address.family()) {
    case AF_INET6:
      return "tcpv6";
    case AF_UNIX:
      return "unix_stream";
    default:
      return "tcpv4";
  }
}

int64_t MillisSince(SteadyTime since, SteadyTime now) {
  if (since == SteadyTime{} || since > now) return 0;
  return std::chrono::duration_cast<Millis>(now - since).count();
}

v1::SessionEntry EntryOf(const proxy::Session& session, SteadyTime now, size_t worker) {
  v1::SessionEntry entry;
  entry.set_id(session.id());
  entry.set_client(session.client_address.ToString());
  entry.set_local(session.local_address.ToString());
  if (session.frontend != nullptr) entry.set_frontend(session.frontend->name);
  if (session.backend != nullptr) entry.set_backend(session.backend->name);
  if (session.server != nullptr) entry.set_server(session.server->name);
  entry.set_age_ms(MillisSince(session.accepted_at, now));
  entry.set_idle_ms(MillisSince(session.last_activity, now));
  entry.set_protocol(ProtocolOf(session.client_address));
  entry.set_state(std::string(proxy::NameOf(session.state)));
  entry.set_bytes_in(session.bytes_in);
  entry.set_bytes_out(session.bytes_out);
  entry.set_worker(static_cast<uint32_t>(worker));
  return entry;
}

}  // namespace

std::vector<v1::SessionEntry> ListSessionsOf(Worker& worker) {
  std::vector<v1::SessionEntry> entries;
  worker.context().sessions.ForEach([&](const proxy::Session& session) {
    entries.push_back(EntryOf(session, worker.loop()->now(), worker.index()));
  });
  return entries;
}

v1::BadMessage ToProto(const proxy::BadMessage& message) {
  v1::BadMessage out;
  out.set_is_response(message.is_response);
  out.set_at_unix_ms(std::chrono::duration_cast<Millis>(message.at.time_since_epoch()).count());
  out.set_source(message.source);
  out.set_frontend(message.frontend);
  out.set_backend(message.backend);
  out.set_server(message.server);
  out.set_session_id(message.session_id);
  out.set_event(message.event);
  out.set_is_http2(message.is_http2);
  out.set_reason(message.reason);
  out.set_position(message.position);
  out.set_bytes(message.bytes);
  return out;
}

uint64_t ShutdownSessionsOf(Worker& worker, const v1::ShutdownSessions& order) {
  proxy::SessionList& sessions = worker.context().sessions;
  uint64_t ended = 0;
  if (order.session_id() != 0) {
    ended += sessions.KillById(order.session_id(), proxy::KillReason::kAdmin);
  }
  if (order.server_id() != 0 && worker.serving() != nullptr) {
    const ServingSet& serving = *worker.serving();
    auto found = serving.server_index.find(order.server_id());
    if (found != serving.server_index.end()) {
      const auto& server = serving.servers[found->second];
      ended += sessions.KillOnServer(server.runtime.get(), proxy::KillReason::kAdmin);
    }
  }
  if (order.frontend_id() != 0) {
    sessions.ForEach([&](proxy::Session& session) {
      if (session.frontend == nullptr || session.frontend->id != order.frontend_id()) return;
      session.Kill(proxy::KillReason::kAdmin);
      ++ended;
    });
  }
  return ended;
}

}  // namespace lb::server
