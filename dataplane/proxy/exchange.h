// Exchange: one request and its response, from the parsed head to the log line.
//
// RunExchange() (http_exchange.cc) is its life, top to bottom. The object holds what all phases
// share; it is reused from exchange to exchange (ExchangePool) so that its memory is. One worker's
// thread.
#ifndef LB_DATAPLANE_PROXY_EXCHANGE_H_
#define LB_DATAPLANE_PROXY_EXCHANGE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "common/event/task.h"
#include "dataplane/http/arena.h"
#include "dataplane/http/message.h"
#include "dataplane/proxy/body_hold.h"
#include "dataplane/proxy/config.h"
#include "dataplane/proxy/http_sides.h"
#include "dataplane/proxy/session_list.h"
#include "dataplane/proxy/upstream_connect.h"
#include "dataplane/proxy/worker_context.h"
#include "dataplane/rules/context.h"
#include "dataplane/rules/http_rules.h"

namespace lb::proxy {

struct Exchange;

// Where rules stopped to wait for a body, so that they go on from there.
struct RulePause {
  size_t section = 0;          // of those whose rules run: 0 or 1
  bool has_begun = false;      // its rules on content have let the request pass
  bool has_inspected = false;  // they have waited
  bool has_buffered = false;   // "option http-buffer-request" has been seen to
  size_t rule = 0;             // the next one
  rules::BodyWait wait;
  bool may_be_late = false;  // the time over, rules go on with what there is
};

// What rules see of the bodies.
class ExchangeBodies final : public rules::BodyLookup {
 public:
  explicit ExchangeBodies(Exchange* exchange) : exchange_(exchange) {}
  std::string_view RequestBody() override;
  std::string_view ResponseBody() override;

 private:
  Exchange* const exchange_;
};

struct Exchange {
  WorkerContext* worker = nullptr;
  Session* session = nullptr;
  ClientSide* client = nullptr;
  std::optional<H1Client> h1_client;  // what `client` is when the client speaks HTTP/1.x
  std::shared_ptr<const Config> config;
  std::shared_ptr<const FrontendConfig> frontend;
  std::shared_ptr<const BackendConfig> backend;  // null: none chosen yet

  // Bodies that rules have waited for; unset: they are passed on as they come.
  std::optional<BodyHold> held_request;
  std::optional<BodyHold> held_response;
  ServerSide* server = nullptr;  // while there is one
  RulePause pause;
  ExchangeBodies bodies{this};

  http::RequestHead request;
  http::ResponseHead response;
  http::RequestContext sent_request;  // of the request as it went to the server
  http::Arena arena;
  rules::TxnContext txn;
  rules::VariableSet txn_vars;
  rules::VariableSet req_vars;
  rules::VariableSet res_vars;
  rules::LogFacts log;

  Address upstream_local;  // our side of the connection to the server, for the log

  SteadyTime ready_at{};       // the connection was accepted, or became ready for this request
  SteadyTime first_byte_at{};  // of the request
  SteadyTime last_client_activity{};
  SteadyTime last_server_activity{};

  // A reply of the proxy's own, when there is one: what SendReply() sends.
  bool has_reply = false;
  std::string_view reply_body;
  LocalDocument document;  // owns the body of a statistics page

  // How it ended, for the log: 'C' client, 'S' server, 'P' proxy, 'R' resource, 'L' local, ...
  // Source: HAProxy configuration manual, section 8.5.
  char cause = '-';
  char stage = '-';
  bool keeps_client = false;     // the client's connection can carry another request
  bool is_silent_close = false;  // close without a reply, and let the client try again
  bool counts_as_retry_or_redispatch = false;
  bool is_logged = false;  // before its end: "option logasap"
  uint64_t bytes_from_client = 0;
  uint64_t bytes_to_client = 0;

  // Ends the exchange as `cause`/`stage`, if nothing did before.
  void SetEnd(char end_cause, char end_stage) {
    if (cause == '-') {
      cause = end_cause;
      stage = end_stage;
    }
  }
  MessageSource* request_body() {
    return held_request.has_value() ? &*held_request : client->request_body();
  }
  MessageSource* response_body() {
    return held_response.has_value() ? &*held_response : server->response_body();
  }
  void Clear();
};

// Runs an exchange whose request head has been received. Afterwards `keeps_client` tells whether
// the client's connection goes on. Logs and counts.
event::Task<void> RunExchange(Exchange* exchange);

// Answers a request that could not be received (`status`: 400, 408, 431, ...; 0: no answer) and
// logs it.
event::Task<void> RefuseRequest(Exchange* exchange, uint32_t status, char cause, char stage);

// Logs and counts what was to become a request over HTTP/2 and broke the protocol. Of the exchange
// only `session` is set.
// Source: HAProxy configuration manual, section 8.2.3, "<BADREQ>".
void NoteBadRequest(WorkerContext* worker, Exchange* exchange);

// Fills in the context that rules and log formats see.
void PrepareTxn(Exchange* exchange);
// The part of it that a PROXY header brings.
void PrepareProxyHeader(Exchange* exchange);
// The part of it that the TLS handshake brings.
void PrepareTls(Exchange* exchange);

// The unused exchanges of one worker.
class ExchangePool {
 public:
  std::unique_ptr<Exchange> Take();
  void Give(std::unique_ptr<Exchange> exchange);

 private:
  std::vector<std::unique_ptr<Exchange>> spare_;
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_EXCHANGE_H_
