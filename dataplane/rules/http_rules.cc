#include "dataplane/rules/http_rules.h"

#include <utility>

#include "dataplane/http/h1_serializer.h"

namespace lb::rules {
namespace {

// Lets std::visit() choose among lambdas.
template <typename... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

HttpVerdict Failure() {
  HttpVerdict verdict;
  verdict.kind = HttpVerdict::Kind::kError;
  verdict.reply.status = 500;
  verdict.reply.reason = http::ReasonPhrase(500);
  return verdict;
}

// 407 to a client that treats us as its proxy, else 401.
HttpVerdict Challenge(const AuthAction& auth, TxnContext& context) {
  const http::RequestHead* request = context.request;
  bool is_proxy = request != nullptr && !request->target.starts_with('/') &&
                  request->headers.Find(http::HeaderId::kProxyConnection) != nullptr;
  HttpVerdict verdict;
  verdict.kind = HttpVerdict::Kind::kAuth;
  verdict.reply.status = is_proxy ? 407 : 401;
  verdict.reply.reason = http::ReasonPhrase(verdict.reply.status);
  std::string_view realm = auth.realm.empty() ? context.frontend.name : auth.realm;
  verdict.reply.headers.Add(is_proxy ? "proxy-authenticate" : "www-authenticate",
                            context.arena->Concat({"Basic realm=\"", realm, "\""}));
  return verdict;
}

void Capture(const CaptureAction& capture, std::vector<std::string_view>& slots,
             TxnContext& context) {
  std::string_view text = capture.value.Render(context);
  if (capture.max_length > 0) text = text.substr(0, capture.max_length);
  slots[capture.slot] = text;
}

}  // namespace

HttpVerdict HttpRules::Apply(TxnContext& context, size_t first) const {
  std::vector<std::string_view>& slots = direction_ == catalog::Direction::kRequest
                                             ? context.request_captures
                                             : context.response_captures;
  if (slots.size() < capture_slots_) slots.resize(capture_slots_);
  for (size_t i = first; i < rules_.size(); ++i) {
    const HttpRule& rule = rules_[i];
    if (!rule.condition.Holds(context)) continue;
    if (std::holds_alternative<AllowAction>(rule.action)) break;
    switch (ApplyEdit(rule, slots, context)) {
      case Outcome::kDone:
        break;
      case Outcome::kFailed:
        return Failure();
      case Outcome::kFinal:
        HttpVerdict verdict = Finish(rule, context);
        verdict.resume_at = i + 1;
        return verdict;
    }
  }
  return HttpVerdict();
}

HttpRules::Outcome HttpRules::ApplyEdit(const HttpRule& rule, std::vector<std::string_view>& slots,
                                        TxnContext& context) const {
  return std::visit(
      Overloaded{
          [&](const HeaderEdit& edit) {
            edit.Apply(direction_ == catalog::Direction::kRequest ? context.request->headers
                                                                  : context.response->headers,
                       context);
            return Outcome::kDone;
          },
          [&](const UriEdit& edit) {
            return edit.Apply(context) ? Outcome::kDone : Outcome::kFailed;
          },
          [&](const SetVar& set) {
            set.Apply(context);
            return Outcome::kDone;
          },
          [&](const CaptureAction& capture) {
            Capture(capture, slots, context);
            return Outcome::kDone;
          },
          [&](const LogLevelAction& level) {
            context.log_level = level.level;
            return Outcome::kDone;
          },
          [&](const StatusAction& status) {
            context.response->status = status.status;
            context.response->reason =
                status.reason.empty() ? http::ReasonPhrase(status.status) : status.reason;
            return Outcome::kDone;
          },
          [](const auto&) { return Outcome::kFinal; },
      },
      rule.action);
}

HttpVerdict HttpRules::Finish(const HttpRule& rule, TxnContext& context) const {
  HttpVerdict verdict;
  if (const auto* deny = std::get_if<DenyAction>(&rule.action)) {
    verdict.kind = HttpVerdict::Kind::kDeny;
    verdict.reply = deny->reply.Make(context);
  } else if (const auto* reply = std::get_if<ReturnAction>(&rule.action)) {
    verdict.kind = HttpVerdict::Kind::kReturn;
    verdict.reply = reply->reply.Make(context);
  } else if (const auto* redirect = std::get_if<Redirect>(&rule.action)) {
    verdict.kind = HttpVerdict::Kind::kRedirect;
    verdict.reply = redirect->Make(context);
  } else if (const auto* service = std::get_if<ServiceAction>(&rule.action)) {
    verdict.kind = HttpVerdict::Kind::kService;
    verdict.service = service->name;
  } else if (const auto* auth = std::get_if<AuthAction>(&rule.action)) {
    return Challenge(*auth, context);
  } else if (const auto* wait = std::get_if<WaitAction>(&rule.action)) {
    verdict.kind = HttpVerdict::Kind::kWait;
    verdict.wait = wait->wait;
  }
  return verdict;
}

}  // namespace lb::rules
