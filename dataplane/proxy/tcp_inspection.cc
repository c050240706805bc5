#include "dataplane/proxy/tcp_inspection.h"

#include <algorithm>

#include "common/event/waiter.h"
#include "dataplane/http/h1_parser.h"
#include "dataplane/proxy/exchange_request.h"

namespace lb::proxy {
namespace {

using event::WakeReason;
using net::IoResult;
using net::IoStatus;
using rules::TcpVerdict;

// Reads what is there. kAgain: more may come; kOk: the buffer is full.
IoStatus ReadContent(net::Stream* client, net::Buffer* in) {
  in->Reserve();
  while (in->free_bytes() > 0) {
    const IoResult got = client->Read(in->free_space(), in->free_bytes());
    if (!got.ok()) return got.status;
    in->Commit(got.bytes);
  }
  return IoStatus::kOk;
}

// Shows the rules what there is. A request is what parses as one, as in HAProxy, whose rules can
// ask for a method or a field of a TCP client as well.
void ShowContent(Exchange* x, std::string_view content, http::HeadParser* parser) {
  rules::TxnContext& txn = x->txn;
  txn.content = content;
  txn.content_bytes = content.size();
  if (!txn.may_be_request || content.empty()) return;
  const http::ParseResult parsed =
      parser->ParseRequest(content, x->config->http_limits, &x->request);
  if (parsed.outcome == http::ParseResult::kNeedMore) return;
  txn.may_be_request = false;
  if (parsed.outcome == http::ParseResult::kDone) txn.request = &x->request;
}

// A client that is gone or late. False: neither, the inspection goes on.
bool NoteLoss(Exchange* x, IoStatus status, SteadyTime idle_deadline) {
  if (x->session->is_killed()) {
    x->SetEnd(static_cast<char>(x->session->kill_reason()), 'R');
    return true;
  }
  if (status == IoStatus::kError) {
    x->SetEnd('C', 'R');
    return true;
  }
  if (x->worker->loop->now() < idle_deadline) return false;
  x->SetEnd('c', 'R');
  return true;
}

}  // namespace

event::Task<bool> InspectContent(Exchange* x, net::Stream* client, net::Buffer* in,
                                 const ProxyConfig& proxy) {
  if (proxy.tcp_content.empty()) co_return true;
  event::EventLoop* loop = x->worker->loop;
  const SteadyTime deadline = loop->now() + proxy.inspect_delay;
  SteadyTime idle_deadline = DeadlineAfter(loop->now(), x->frontend->client_timeout);
  http::HeadParser parser;
  x->txn.may_be_request = x->txn.request == nullptr;
  TcpVerdict verdict = TcpVerdict::kUndecided;
  while (verdict == TcpVerdict::kUndecided) {
    const size_t had = in->size();
    const IoStatus status = ReadContent(client, in);
    if (in->size() > had) {
      idle_deadline = DeadlineAfter(loop->now(), x->frontend->client_timeout);
    }
    x->bytes_from_client = in->size();
    x->session->has_content = !in->is_empty();
    ShowContent(x, in->readable(), &parser);
    if (NoteLoss(x, status, idle_deadline)) co_return false;
    x->txn.awaits_content = status == IoStatus::kAgain && loop->now() < deadline;
    verdict = proxy.tcp_content.Apply(x->txn);
    x->txn.awaits_content = false;
    if (verdict != TcpVerdict::kUndecided) break;
    [[maybe_unused]] WakeReason why =
        co_await event::Wait(loop, {client, event::kReadable | event::kHungUp | event::kSignalled},
                             std::min(deadline, idle_deadline));
    if (x->session->is_draining() && !x->session->is_killed()) x->session->AcknowledgeDrain();
  }
  // Nothing was sent as yet: an idle client keeps no buffer.
  if (in->is_empty()) in->Release();
  if (verdict == TcpVerdict::kAccept) co_return true;
  DenyContent(x);
  co_return false;
}

void ForgetContent(Exchange* x) {
  x->txn.content = {};
  x->txn.content_bytes = 0;
  x->txn.may_be_request = false;
  x->txn.request = nullptr;
}

}  // namespace lb::proxy
