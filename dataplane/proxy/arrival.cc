#include "dataplane/proxy/arrival.h"

#include <optional>
#include <string>
#include <utility>

#include "common/event/waiter.h"
#include "common/net/tls_channel.h"
#include "common/tls/context.h"
#include "common/tls/server_context.h"
#include "dataplane/proxy/accepted.h"
#include "dataplane/proxy/config.h"
#include "dataplane/proxy/millis.h"
#include "dataplane/proxy/proxy_header.h"

namespace lb::proxy {
namespace {

rules::LogFormat FailedArrivalFormat() {
  using Item = rules::LogFormat::Item;
  std::vector<Item> items;
  auto add_tag = [&](rules::TagId tag) {
    items.emplace_back();
    items.back().kind = Item::Kind::kTag;
    items.back().tag = tag;
  };
  auto add_text = [&](std::string text) {
    items.emplace_back();
    items.back().text = std::move(text);
  };
  add_tag(rules::TagId::kClientIp);
  add_text(":");
  add_tag(rules::TagId::kClientPort);
  add_text(" [");
  add_tag(rules::TagId::kDate);
  add_text("] ");
  add_tag(rules::TagId::kFrontend);
  add_text("/");
  return rules::LogFormat(std::move(items), rules::TextUse::kLog);
}

// The words are those that HAProxy's users search their logs for.
std::string_view WordsFor(const absl::Status& status, net::TlsChannel& channel) {
  const tls::VerifyOutcome& outcome = tls::OutcomeOf(channel.connection());
  if (absl::IsDeadlineExceeded(status)) return "Timeout during SSL handshake";
  if (channel.is_closed_by_peer()) return "Connection closed during SSL handshake";
  if (outcome.authority_error != 0) return "SSL client CA chain cannot be verified";
  if (outcome.certificate_error != 0) return "SSL client certificate not trusted";
  return "SSL handshake failure";
}

// Waits until the process may begin one more handshake. False: not in time, which is logged, or
// nobody waits for it any more.
event::Task<bool> AwaitTurn(WorkerContext* worker, Session* session, SteadyTime deadline) {
  event::EventLoop* loop = worker->loop;
  const std::optional<SteadyTime> turn =
      worker->load->tls_pace.Take(loop->now(), worker->config->max_tls_rate, deadline);
  if (!turn.has_value()) {
    LogFailedArrival(worker, session, "Timeout during SSL handshake");
    co_return false;
  }
  const event::Interest interest{session->source(), event::kSignalled | event::kHungUp};
  while (loop->now() < *turn) {
    const event::WakeReason why = co_await event::Wait(loop, interest, *turn);
    if (why == event::WakeReason::kTimeout) continue;
    if (session->is_killed() || session->source()->is_ready(event::kHungUp)) co_return false;
    if (session->is_draining() && session->frontend->is_http) co_return false;
    session->AcknowledgeDrain();
  }
  co_return true;
}

event::Task<bool> ShakeHands(WorkerContext* worker, Session* session, ConnectionCount* count) {
  net::Stream* stream = session->client();
  if (!count->NoteTls(worker->config->max_tls_connections)) {
    LogFailedArrival(worker, session, "Too many SSL connections");
    co_return false;
  }
  if (worker->config->max_tls_rate != 0) {
    const bool has_turn = co_await AwaitTurn(
        worker, session, DeadlineAfter(worker->loop->now(), session->frontend->client_timeout));
    if (!has_turn) co_return false;
  }
  tls::SslPtr connection = session->bind->tls->NewConnection();
  if (connection == nullptr) co_return false;  // out of memory
  net::StartTls(stream, std::move(connection), session->bind->tls);
  const SteadyTime deadline = DeadlineAfter(worker->loop->now(), session->frontend->client_timeout);
  // A request that comes while it drains would not be served: there is nothing to wait for.
  const uint8_t given_up_at = session->frontend->is_http ? event::kSignalled : 0;
  absl::Status status = co_await net::Handshake(stream, deadline, given_up_at);
  session->handshake_ms = MillisBetween(session->accepted_at, worker->loop->now());
  if (status.ok()) {
    session->client_tls = stream->ssl();
    if (SSL_session_reused(stream->ssl()) == 0) {
      worker->load->tls_keys.fetch_add(1, std::memory_order_relaxed);
    }
    co_return true;
  }
  if (absl::IsCancelled(status)) co_return false;
  const std::string_view words = WordsFor(status, *stream->tls());
  const bool is_null = absl::IsDeadlineExceeded(status) || stream->tls()->is_closed_by_peer();
  if (!(is_null && session->frontend->dont_log_null)) {
    LogFailedArrival(worker, session, words);
  }
  co_return false;
}

}  // namespace

bool NeedsArrival(const Session& session) {
  return session.bind->tls != nullptr || session.expects_proxy_header;
}

event::Task<bool> Arrive(WorkerContext* worker, Session* session, ConnectionCount* count) {
  if (session->expects_proxy_header) {
    const bool has_header = co_await ReceiveProxyHeader(
        worker, session, session->client(),
        DeadlineAfter(session->accepted_at, session->frontend->client_timeout));
    if (!has_header) co_return false;
    session->handshake_ms = MillisBetween(session->accepted_at, worker->loop->now());
  }
  if (session->bind->tls == nullptr) co_return true;
  const bool shook = co_await ShakeHands(worker, session, count);
  co_return shook;
}

void LogFailedArrival(WorkerContext* worker, Session* session, std::string_view what) {
  static const rules::LogFormat* const format = new rules::LogFormat(FailedArrivalFormat());
  const FrontendConfig& frontend = *session->frontend;
  if (!frontend.log->has_targets()) return;
  rules::LogFacts facts;
  const WallTime now = worker->loop->wall_now();
  facts.accepted_at = now - (worker->loop->now() - session->accepted_at);
  rules::TxnContext txn;
  txn.client = &session->client_address;
  txn.listener_number = session->listener_number;
  txn.frontend = {frontend.name, frontend.number};
  txn.scratch = &worker->scratch;
  txn.log = &facts;
  std::string& line = worker->log_line;
  line.clear();
  format->AppendTo(txn, &line);
  line.append(session->bind->name).append(": ").append(what);
  const net::SyslogLevel level =
      frontend.log_separate_errors ? net::SyslogLevel::kErr : net::SyslogLevel::kInfo;
  frontend.log->Send(level, now, line);
}

}  // namespace lb::proxy
