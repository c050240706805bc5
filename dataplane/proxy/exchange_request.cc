#include "dataplane/proxy/exchange_request.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "dataplane/http/h1_serializer.h"
#include "dataplane/proxy/local_reply.h"

namespace lb::proxy {
namespace {

using rules::HttpVerdict;

upstream::FrontendBlock& FrontendBlockOf(Exchange* x) {
  return x->frontend->runtime->counters[x->worker->index];
}

Route ReplyWithVerdict(Exchange* x, const HttpVerdict& verdict) {
  using Kind = HttpVerdict::Kind;
  switch (verdict.kind) {
    case Kind::kDeny:
    case Kind::kAuth:
      FrontendBlockOf(x).denied_requests.Add();
      if (x->backend != nullptr) {
        x->backend->runtime->counters[x->worker->index].denied_requests.Add();
      }
      ReplyWith(x, verdict.reply, 'P', 'R');
      break;
    case Kind::kError:
      ReplyWith(x, verdict.reply, 'P', 'R');
      break;
    default:
      ReplyWith(x, verdict.reply, 'L', 'R');
      break;
  }
  return Route::kReply;
}

void ReplyWithDocument(Exchange* x, uint32_t refresh_seconds) {
  http::ResponseHead& head = x->response;
  head.Clear();
  head.status = static_cast<uint16_t>(x->document.status);
  head.reason = http::ReasonPhrase(head.status);
  head.headers.Add("cache-control", "no-cache");
  head.headers.Add("content-type", x->document.content_type);
  if (refresh_seconds > 0) {
    head.headers.Add("refresh", x->arena.Copy(absl::StrCat(refresh_seconds)));
  }
  head.framing = http::Framing::kLength;
  head.content_length = x->document.body.size();
  x->reply_body = x->document.body;
  x->has_reply = true;
  x->SetEnd('L', 'R');
}

bool IsAuthorized(const StatsPage& page, const http::RequestHead& request) {
  if (page.users.empty()) return true;
  const http::Header* field = request.headers.Find(http::HeaderId::kAuthorization);
  if (field == nullptr || field->value.size() < 6 ||
      !http::EqualsIgnoreCase(field->value.substr(0, 6), "basic ")) {
    return false;
  }
  std::string given;
  std::string_view coded = field->value.substr(6);
  if (!absl::Base64Unescape(absl::string_view(coded.data(), coded.size()), &given)) return false;
  for (const std::string& user : page.users) {
    if (given == user) return true;
  }
  return false;
}

void ReplyWithChallenge(Exchange* x, const StatsPage& page) {
  ReplyWithError(x, 401, 'P', 'R');
  const std::string realm = page.realm.empty() ? "HAProxy Statistics" : page.realm;
  x->response.headers.Add("www-authenticate",
                          x->arena.Copy(absl::StrCat("Basic realm=\"", realm, "\"")));
}

// The "tcp-request content" rules of one section, for a request whose head is there. They wait once
// for its body, when they ask whether the inspection is over.
Route RunContentRules(Exchange* x, const ProxyConfig& proxy) {
  if (proxy.tcp_content.empty()) return Route::kForward;
  RulePause& pause = x->pause;
  x->txn.content_bytes = x->bytes_from_client;
  x->txn.awaits_content = !std::exchange(pause.has_inspected, true) &&
                          proxy.inspect_delay != Millis(0) &&
                          x->request.framing != http::Framing::kNone;
  const rules::TcpVerdict verdict = proxy.tcp_content.Apply(x->txn);
  x->txn.awaits_content = false;
  switch (verdict) {
    case rules::TcpVerdict::kAccept:
      return Route::kForward;
    case rules::TcpVerdict::kReject:
      DenyContent(x);
      return Route::kReply;
    case rules::TcpVerdict::kUndecided:
      break;
  }
  pause.wait = {.time = proxy.inspect_delay};
  pause.may_be_late = true;
  return Route::kWait;
}

// Serves the statistics page of `proxy` when the request is for it.
bool ServeStats(Exchange* x, const ProxyConfig& proxy) {
  if (proxy.stats == nullptr) return false;
  const StatsPage& page = *proxy.stats;
  const std::string_view target = x->request.path_and_query();
  if (target.substr(0, page.uri.size()) != page.uri) return false;
  x->txn.server = {"<STATS>", 0};
  if (!IsAuthorized(page, x->request)) {
    ReplyWithChallenge(x, page);
    return true;
  }
  const std::string_view rest = target.substr(page.uri.size());
  x->document = x->worker->documents->StatsDocument(*x->config, page, rest);
  const bool is_page = rest.find(";csv") == std::string_view::npos &&
                       rest.find(";json") == std::string_view::npos &&
                       rest.find(";norefresh") == std::string_view::npos;
  ReplyWithDocument(x, is_page ? page.refresh_seconds : 0);
  return true;
}

void ServePrometheus(Exchange* x) {
  x->txn.server = {"<PROMEX>", 0};
  const std::string_view target = x->request.path_and_query();
  const size_t mark = target.find('?');
  x->document = x->worker->documents->PrometheusDocument(
      *x->config, mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1));
  ReplyWithDocument(x, /*refresh_seconds=*/0);
}

bool IsPlainName(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// "option http-restrict-req-hdr-names", after the section's rules as in HAProxy. False: rejected.
bool RestrictNames(Exchange* x, HeaderNames policy) {
  http::HeaderList& headers = x->request.headers;
  const auto is_odd = [](const http::Header& field) { return !IsPlainName(field.name); };
  if (policy == HeaderNames::kDelete) headers.RemoveIf(is_odd);
  if (policy != HeaderNames::kReject) return true;
  if (std::none_of(headers.begin(), headers.end(), is_odd)) return true;
  FrontendBlockOf(x).denied_requests.Add();
  ReplyWithError(x, 403, 'P', 'R');
  return false;
}

// "option http-buffer-request". True: the section's rules must wait.
bool MustBuffer(Exchange* x, const ProxyConfig& proxy) {
  if (!proxy.buffer_request || std::exchange(x->pause.has_buffered, true)) return false;
  x->pause.wait = {.time = proxy.body_timeout};
  return x->request.framing != http::Framing::kNone;
}

// One section's part: its rules, then its statistics page.
Route RunSection(Exchange* x, const ProxyConfig& proxy) {
  if (!x->pause.has_begun) {
    const Route route = RunContentRules(x, proxy);
    if (route != Route::kForward) return route;
    x->pause.has_begun = true;
    x->pause.may_be_late = false;
  }
  if (MustBuffer(x, proxy)) return Route::kWait;
  if (!proxy.http_request.empty()) {
    HttpVerdict verdict = proxy.http_request.Apply(x->txn, x->pause.rule);
    if (verdict.kind == HttpVerdict::Kind::kWait) {
      x->pause.rule = verdict.resume_at;
      x->pause.wait = verdict.wait;
      return Route::kWait;
    }
    if (verdict.kind == HttpVerdict::Kind::kService) {
      ServePrometheus(x);
      return Route::kReply;
    }
    if (verdict.kind != HttpVerdict::Kind::kContinue) return ReplyWithVerdict(x, verdict);
  }
  if (proxy.header_names != HeaderNames::kPreserve && !RestrictNames(x, proxy.header_names)) {
    return Route::kReply;
  }
  return ServeStats(x, proxy) ? Route::kReply : Route::kForward;
}

std::shared_ptr<const BackendConfig> ChooseBackend(Exchange* x) {
  const auto& by_name = x->config->backend_by_name;
  std::string_view name = x->frontend->use_backend.Choose(
      x->txn, [&](std::string_view candidate) { return by_name.count(candidate) > 0; });
  if (name.empty()) name = x->frontend->default_backend;
  auto it = by_name.find(name);
  return it != by_name.end() ? it->second : nullptr;
}

// Chooses the backend and counts the exchange there. False: there is none, and the reply says so.
bool EnterBackend(Exchange* x) {
  x->backend = ChooseBackend(x);
  if (x->backend == nullptr) {
    ReplyWithError(x, 503, 'S', 'C');
    return false;
  }
  x->session->backend = x->backend;
  x->txn.backend = {x->backend->name, x->backend->number};
  upstream::BackendRuntime& runtime = *x->backend->runtime;
  upstream::RaiseMaximum(&runtime.max_sessions,
                         runtime.sessions.fetch_add(1, std::memory_order_relaxed) + 1);
  upstream::UpstreamBlock& block = runtime.counters[x->worker->index];
  block.sessions.Add();
  block.requests.Add();
  return true;
}

// "option forwardfor": the backend's word wins over the frontend's.
void AddForwardedFor(Exchange* x) {
  const ForwardFor* option = x->backend->forward_for != nullptr ? x->backend->forward_for.get()
                                                                : x->frontend->forward_for.get();
  if (option == nullptr || !x->session->client_address.is_ip()) return;
  if (option->if_none && x->request.headers.Find(option->header) != nullptr) return;
  for (const Network& network : option->except) {
    if (network.Contains(x->session->client_address)) return;
  }
  x->request.headers.Add(option->header, x->arena.Copy(x->session->client_address.Ip()));
}

}  // namespace

bool PassesConnectionRules(Exchange* x, ConnectionRules which) {
  const rules::TcpRules& list = RulesOf(*x->frontend, which);
  if (list.empty()) return true;
  const rules::TcpVerdict verdict = list.Apply(x->txn);
  if (x->txn.expects_proxy_header) x->session->expects_proxy_header = true;
  return verdict != rules::TcpVerdict::kReject;
}

void DenyContent(Exchange* x) {
  FrontendBlockOf(x).denied_requests.Add();
  if (x->backend != nullptr) {
    x->backend->runtime->counters[x->worker->index].denied_requests.Add();
  }
  x->is_silent_close = true;
  x->SetEnd('P', 'R');
}

bool IsSameSection(const FrontendConfig& frontend, const BackendConfig& backend) {
  return frontend.is_listen && backend.is_listen && frontend.name == backend.name;
}

void ReplyWith(Exchange* x, const rules::LocalReply& reply, char cause, char stage) {
  BuildReply(reply, *x->frontend, x->backend.get(), &x->response, &x->reply_body);
  x->has_reply = true;
  x->SetEnd(cause, stage);
}

void ReplyWithError(Exchange* x, uint32_t status, char cause, char stage) {
  rules::LocalReply reply;
  reply.form = rules::LocalReply::Form::kDefaultPage;
  reply.status = static_cast<uint16_t>(status);
  ReplyWith(x, reply, cause, stage);
}

void MakeUniqueId(Exchange* x) {
  if (x->frontend->unique_id.empty()) return;
  const WallTime wall = x->worker->loop->wall_now();
  const SteadyTime now = x->worker->loop->now();
  x->log.accepted_at = wall - (now - x->ready_at);
  x->log.request_at = wall - (now - x->first_byte_at);
  x->txn.log = &x->log;
  x->txn.unique_id = x->frontend->unique_id.Render(x->txn);
  x->txn.log = nullptr;
  x->log.unique_id = x->txn.unique_id;
}

Route RouteRequest(Exchange* x) {
  if (x->pause.section == 0) {
    if (!x->pause.has_inspected && !x->pause.has_begun) {
      const http::UpgradeField upgrade =
          x->request.wants_upgrade ? http::UpgradeField::kKeep : http::UpgradeField::kRemove;
      http::RemoveHopByHop(&x->request.headers, upgrade);
      MakeUniqueId(x);
    }
    const Route route = RunSection(x, *x->frontend);
    if (route != Route::kForward) return route;
    if (!EnterBackend(x)) return Route::kReply;
    x->pause = {.section = 1};
  }
  if (!IsSameSection(*x->frontend, *x->backend)) {
    const Route route = RunSection(x, *x->backend);
    if (route != Route::kForward) return route;
  }
  AddForwardedFor(x);
  if (!x->frontend->unique_id_header.empty() && !x->txn.unique_id.empty()) {
    x->request.headers.Add(x->frontend->unique_id_header, x->txn.unique_id);
  }
  return Route::kForward;
}

}  // namespace lb::proxy
