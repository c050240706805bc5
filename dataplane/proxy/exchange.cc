#include "dataplane/proxy/exchange.h"

#include <utility>

#include "common/base/sanitizers.h"
#include "common/tls/facts.h"

namespace lb::proxy {

void Exchange::Clear() {
  client = nullptr;
  h1_client.reset();
  config.reset();
  frontend.reset();
  backend.reset();
  held_request.reset();
  held_response.reset();
  server = nullptr;
  pause = RulePause();
  request.Clear();
  response.Clear();
  sent_request = http::RequestContext();
  arena.Reset();
  txn.request_captures.clear();
  txn.response_captures.clear();
  txn_vars.Clear();
  req_vars.Clear();
  res_vars.Clear();
  log = rules::LogFacts();
  has_reply = false;
  reply_body = {};
  document = LocalDocument();
  cause = stage = '-';
  keeps_client = is_silent_close = counts_as_retry_or_redispatch = is_logged = false;
  bytes_from_client = bytes_to_client = 0;
}

std::unique_ptr<Exchange> ExchangePool::Take() {
  if (spare_.empty()) return std::make_unique<Exchange>();
  std::unique_ptr<Exchange> exchange = std::move(spare_.back());
  spare_.pop_back();
  return exchange;
}

void ExchangePool::Give(std::unique_ptr<Exchange> exchange) {
  // As many streams as ten clients of HTTP/2 may have at work.
  constexpr size_t kMaxSpare = 1024;
  exchange->Clear();
  if (kPoolsReuse && spare_.size() < kMaxSpare) spare_.push_back(std::move(exchange));
}

std::string_view ExchangeBodies::RequestBody() {
  Exchange& x = *exchange_;
  if (x.client == nullptr || x.request.framing == http::Framing::kNone) return {};
  return x.request_body()->Peek(&x.arena);
}

std::string_view ExchangeBodies::ResponseBody() {
  Exchange& x = *exchange_;
  // A reply of the proxy's own has no server behind it.
  if (x.server == nullptr) return x.reply_body;
  return x.response_body()->Peek(&x.arena);
}

void PrepareProxyHeader(Exchange* exchange) {
  const Session& session = *exchange->session;
  rules::TxnContext& txn = exchange->txn;
  txn.has_proxy_header = session.has_proxy_header;
  const bool has_texts = session.proxy_texts != nullptr;
  txn.proxy_authority = has_texts ? session.proxy_texts->authority : std::string_view();
  txn.proxy_unique_id = has_texts ? session.proxy_texts->unique_id : std::string_view();
}

void PrepareTxn(Exchange* exchange) {
  const Session& session = *exchange->session;
  WorkerContext& worker = *exchange->worker;
  rules::TxnContext& txn = exchange->txn;
  txn.arena = &exchange->arena;
  txn.scratch = &worker.scratch;
  txn.clock = &worker.loop->clock();
  txn.random_state = &worker.random_state;
  txn.process = worker.process;
  txn.lookup = worker.lookup;
  txn.client = &session.client_address;
  txn.local = &session.local_address;
  txn.listener_number = session.listener_number;
  txn.listener_name = session.listener_name;
  PrepareTls(exchange);
  PrepareProxyHeader(exchange);
  txn.expects_proxy_header = false;
  txn.frontend = {exchange->frontend->name, exchange->frontend->number};
  txn.backend = {};
  txn.default_backend = exchange->frontend->default_backend;
  txn.server = {};
  txn.server_address = nullptr;
  txn.upstream_local = nullptr;
  txn.http_major = 1;
  txn.request = &exchange->request;
  txn.response = nullptr;
  txn.bodies = &exchange->bodies;
  txn.request_line = {};
  txn.unique_id = {};
  txn.content = {};
  txn.content_bytes = 0;
  txn.awaits_content = txn.may_be_request = false;
  txn.proc_vars = &worker.proc_vars;
  txn.txn_vars = &exchange->txn_vars;
  txn.req_vars = &exchange->req_vars;
  txn.res_vars = &exchange->res_vars;
  txn.log_level = rules::kLogLevelUnset;
  txn.log = nullptr;
}

void PrepareTls(Exchange* exchange) {
  rules::TxnContext& txn = exchange->txn;
  txn.client_tls = exchange->session->client_tls;
  txn.is_ssl = txn.client_tls != nullptr;
  txn.server_tls = nullptr;
  txn.server_tls_error = 0;
  if (!txn.is_ssl) return;
  exchange->log.ssl_version = tls::VersionName(txn.client_tls);
  exchange->log.ssl_cipher = tls::CipherName(txn.client_tls);
}

}  // namespace lb::proxy
