#include "dataplane/proxy/proxy_header.h"

#include <algorithm>
#include <string_view>

#include "common/event/waiter.h"
#include "common/net/proxy_protocol.h"
#include "dataplane/proxy/arrival.h"
#include "dataplane/proxy/config.h"

namespace lb::proxy {
namespace {

using net::IoResult;
using net::IoStatus;
using net::ProxyHeader;
using net::ProxyHeaderError;
using net::ProxyParse;

// As the log says them.
constexpr std::string_view kEmpty = "Connection closed while waiting for PROXY protocol header";
constexpr std::string_view kBroken = "Connection error while waiting for PROXY protocol header";
constexpr std::string_view kLate = "Timeout while waiting for PROXY protocol header";
constexpr std::string_view kTruncated = "Truncated PROXY protocol header received";

std::string_view WordsOf(ProxyHeaderError error) {
  switch (error) {
    case ProxyHeaderError::kNotHeader:
      return "Received something which does not look like a PROXY protocol header";
    case ProxyHeaderError::kBadProtocol:
      return "Received an unhandled protocol in the PROXY protocol header";
    case ProxyHeaderError::kTooLong:
      return kTruncated;
    default:
      return "Received an invalid PROXY protocol header";
  }
}

void Adopt(const ProxyHeader& header, Session* session) {
  session->has_proxy_header = true;
  if (!header.authority.empty() || !header.unique_id.empty()) {
    session->proxy_texts = std::make_shared<const ProxyHeaderTexts>(
        ProxyHeaderTexts{std::string(header.authority), std::string(header.unique_id)});
  }
  // Of other families nothing could use the addresses.
  if (header.is_local || !header.source.is_ip()) return;
  session->client_address = header.source;
  session->local_address = header.destination;
}

// Takes what has been looked at off the socket. False: it is not there any more.
bool Consume(net::Stream* client, char* space, size_t bytes) {
  while (bytes > 0) {
    const IoResult got = client->Read(space, bytes);
    if (!got.ok()) return false;
    bytes -= got.bytes;
  }
  return true;
}

// A look at what has come. Done: `result` is the verdict, empty for success.
struct Look {
  bool is_done = false;
  std::string_view failure;
};

Look LookAtHeader(Session* session, net::Stream* client, net::Buffer* space) {
  // What comes with a hang-up is all that comes.
  const bool is_last = client->is_ready(event::kHungUp);
  const size_t most = std::min(space->free_bytes(), net::kMaxProxyHeaderBytes);
  const IoResult got = client->Peek(space->free_space(), most);
  if (got.status == IoStatus::kAgain) return {};
  if (got.status == IoStatus::kEof) return {true, kEmpty};
  if (!got.ok()) return {true, kBroken};
  ProxyHeader header;
  const ProxyParse parsed = net::ParseProxyHeader({space->free_space(), got.bytes}, &header, most);
  switch (parsed.outcome) {
    case ProxyParse::Outcome::kMore:
      if (is_last) return {true, kTruncated};
      client->Clear(event::kReadable);
      return {};
    case ProxyParse::Outcome::kError:
      return {true, WordsOf(parsed.error)};
    case ProxyParse::Outcome::kDone:
      break;
  }
  Adopt(header, session);
  if (!Consume(client, space->free_space(), parsed.bytes)) return {true, kBroken};
  return {true, {}};
}

}  // namespace

event::Task<bool> ReceiveProxyHeader(WorkerContext* worker, Session* session, net::Stream* client,
                                     SteadyTime deadline) {
  net::Buffer space(&worker->buffers);
  Look look;
  for (;;) {
    if (session->is_killed()) co_return false;
    space.Reserve();
    look = LookAtHeader(session, client, &space);
    space.Release();
    if (look.is_done) break;
    event::WakeReason why = co_await event::Wait(
        worker->loop, {client, event::kReadable | event::kHungUp | event::kSignalled}, deadline);
    if (session->is_draining() && !session->is_killed()) {
      // A request that comes now would not be served: there is nothing to wait for.
      if (session->frontend->is_http) co_return false;
      session->AcknowledgeDrain();
    }
    if (why == event::WakeReason::kTimeout) {
      look.failure = kLate;
      break;
    }
  }
  if (look.failure.empty()) co_return true;
  // Who only looked whether the port is open is no news.
  const bool is_null = look.failure == kEmpty || look.failure == kBroken;
  if (!is_null || !session->frontend->dont_log_null) {
    LogFailedArrival(worker, session, look.failure);
  }
  co_return false;
}

}  // namespace lb::proxy
