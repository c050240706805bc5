// The compiler's part for HTTP actions.
#include <algorithm>
#include <utility>

#include "absl/status/status.h"

#include "common/base/status.h"
#include "dataplane/rules/compile_args.h"
#include "dataplane/rules/compiler.h"

namespace lb::rules {
namespace {

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

absl::StatusOr<int> ParseLogLevel(const std::string& name) {
  constexpr std::string_view kLevels[] = {"emerg",   "alert",  "crit", "err",
                                          "warning", "notice", "info", "debug"};
  if (name == "silent") return kLogLevelSilent;
  const auto* found = std::find(std::begin(kLevels), std::end(kLevels), name);
  if (found == std::end(kLevels)) return InvalidArgument("unknown log level '" + name + "'");
  return static_cast<int>(found - std::begin(kLevels));
}

absl::StatusOr<uint16_t> CheckStatus(uint32_t status, uint32_t least, uint32_t most) {
  if (status >= least && status <= most) return static_cast<uint16_t>(status);
  return InvalidArgument("status " + std::to_string(status) + ": expected " +
                         std::to_string(least) + " to " + std::to_string(most));
}

// Cookies of redirects are literals of the configuration.
absl::Status CheckCookie(const std::string& cookie) {
  for (char c : cookie) {
    if (static_cast<uint8_t>(c) < 32 || c == 127 || c == ';') {
      return InvalidArgument("cookie '" + cookie + "' holds a character that a cookie cannot");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ReplyTemplate> Compiler::CompileReply(const v1::Reply& wire, uint16_t default_status,
                                                     ReplyTemplate::Body without_body) const {
  ReplyTemplate reply;
  LB_ASSIGN_OR_RETURN(reply.status,
                      CheckStatus(wire.status() != 0 ? wire.status() : default_status, 200, 599));
  reply.content_type = wire.content_type();
  for (const v1::ReplyHeader& header : wire.headers()) {
    if (!IsToken(header.name()))
      return InvalidArgument("'" + header.name() + "' is no header name");
    ReplyTemplate::Field field;
    field.name = header.name();
    LB_ASSIGN_OR_RETURN(field.value, CompileLogFormat(header.value(), TextUse::kHeader));
    reply.headers.push_back(std::move(field));
  }
  switch (wire.body_case()) {
    case v1::Reply::kLiteral:
      reply.body = ReplyTemplate::Body::kLiteral;
      reply.literal = wire.literal();
      break;
    case v1::Reply::kFormat: {
      reply.body = ReplyTemplate::Body::kFormat;
      LB_ASSIGN_OR_RETURN(reply.format, CompileLogFormat(wire.format(), TextUse::kBody));
      break;
    }
    case v1::Reply::kRaw:
      reply.body = ReplyTemplate::Body::kRaw;
      reply.literal = wire.raw();
      break;
    case v1::Reply::BODY_NOT_SET:
      reply.body = without_body;
      break;
  }
  return reply;
}

absl::StatusOr<HeaderEdit> Compiler::CompileHeaderEdit(const v1::HeaderEdit& wire) const {
  HeaderEdit edit;
  edit.name = wire.name();
  bool is_delete = wire.kind() == v1::HeaderEdit::DEL;
  bool by_regex = is_delete && wire.match() == v1::MATCH_REG;
  if (!by_regex && !IsToken(edit.name))
    return InvalidArgument("'" + edit.name + "' is no header name");
  switch (wire.kind()) {
    case v1::HeaderEdit::SET:
      edit.kind = HeaderEdit::Kind::kSet;
      break;
    case v1::HeaderEdit::ADD:
      edit.kind = HeaderEdit::Kind::kAdd;
      break;
    case v1::HeaderEdit::DEL:
      edit.kind = HeaderEdit::Kind::kDel;
      break;
    case v1::HeaderEdit::REPLACE_HEADER:
      edit.kind = HeaderEdit::Kind::kReplaceHeader;
      break;
    case v1::HeaderEdit::REPLACE_VALUE:
      edit.kind = HeaderEdit::Kind::kReplaceValue;
      break;
    default:
      return InvalidArgument("no kind of header edit");
  }
  if (is_delete) {
    if (wire.match() == v1::MATCH_BEG) edit.match = catalog::Match::kBegin;
    if (wire.match() == v1::MATCH_END) edit.match = catalog::Match::kEnd;
    if (wire.match() == v1::MATCH_SUB) edit.match = catalog::Match::kSub;
    if (by_regex) edit.match = catalog::Match::kRegex;
  } else {
    LB_ASSIGN_OR_RETURN(edit.value, CompileLogFormat(wire.value(), TextUse::kHeader));
  }
  bool is_replace =
      edit.kind == HeaderEdit::Kind::kReplaceHeader || edit.kind == HeaderEdit::Kind::kReplaceValue;
  if (is_replace || by_regex) {
    LB_ASSIGN_OR_RETURN(edit.regex, Regex::Compile(by_regex ? wire.name() : wire.regex(),
                                                   /*ignore_case=*/false));
  }
  return edit;
}

absl::StatusOr<UriEdit> Compiler::CompileUriEdit(const v1::UriEdit& wire) const {
  static constexpr UriEdit::Kind kKinds[] = {
      UriEdit::Kind::kSetUri,       UriEdit::Kind::kSetPath,   UriEdit::Kind::kSetPathQ,
      UriEdit::Kind::kSetQuery,     UriEdit::Kind::kSetMethod, UriEdit::Kind::kReplacePath,
      UriEdit::Kind::kReplacePathQ, UriEdit::Kind::kReplaceUri};
  if (wire.kind() < v1::UriEdit::SET_URI || wire.kind() > v1::UriEdit::REPLACE_URI) {
    return InvalidArgument("no kind of URI edit");
  }
  UriEdit edit;
  edit.kind = kKinds[wire.kind() - v1::UriEdit::SET_URI];
  LB_ASSIGN_OR_RETURN(edit.value, CompileLogFormat(wire.value(), TextUse::kHeader));
  if (wire.kind() >= v1::UriEdit::REPLACE_PATH) {
    LB_ASSIGN_OR_RETURN(edit.regex, Regex::Compile(wire.regex(), /*ignore_case=*/false));
  }
  return edit;
}

absl::StatusOr<Redirect> Compiler::CompileRedirect(const v1::Redirect& wire) const {
  Redirect redirect;
  switch (wire.kind()) {
    case v1::Redirect::LOCATION:
      redirect.kind = Redirect::Kind::kLocation;
      break;
    case v1::Redirect::PREFIX:
      redirect.kind = Redirect::Kind::kPrefix;
      break;
    case v1::Redirect::SCHEME:
      redirect.kind = Redirect::Kind::kScheme;
      break;
    default:
      return InvalidArgument("no kind of redirect");
  }
  LB_ASSIGN_OR_RETURN(redirect.target, CompileLogFormat(wire.target(), TextUse::kHeader));
  LB_ASSIGN_OR_RETURN(redirect.code, CheckStatus(wire.code() != 0 ? wire.code() : 302, 301, 308));
  redirect.drop_query = wire.drop_query();
  redirect.append_slash = wire.append_slash();
  LB_RETURN_IF_ERROR(CheckCookie(wire.set_cookie()));
  LB_RETURN_IF_ERROR(CheckCookie(wire.clear_cookie()));
  // Both at once: the later keyword of a rule wins in HAProxy, and the wire keeps no order.
  if (!wire.set_cookie().empty()) redirect.set_cookie = SetCookieValue(wire.set_cookie());
  if (!wire.clear_cookie().empty()) redirect.set_cookie = ClearCookieValue(wire.clear_cookie());
  return redirect;
}

absl::StatusOr<HttpRule> Compiler::CompileHttpRule(const v1::HttpRule& wire,
                                                   catalog::Direction direction) const {
  bool is_request = direction == catalog::Direction::kRequest;
  HttpRule rule;
  if (wire.has_condition()) {
    LB_ASSIGN_OR_RETURN(rule.condition, CompileCondition(wire.condition()));
  }
  switch (wire.action_case()) {
    case v1::HttpRule::kHeaderEdit: {
      LB_ASSIGN_OR_RETURN(rule.action, CompileHeaderEdit(wire.header_edit()));
      return rule;
    }
    case v1::HttpRule::kDeny: {
      DenyAction deny;
      LB_ASSIGN_OR_RETURN(deny.reply, CompileReply(wire.deny().reply(), is_request ? 403 : 502,
                                                   ReplyTemplate::Body::kDefaultPage));
      rule.action = std::move(deny);
      return rule;
    }
    case v1::HttpRule::kReturn: {
      ReturnAction action;
      LB_ASSIGN_OR_RETURN(action.reply,
                          CompileReply(wire.return_().reply(), 200, ReplyTemplate::Body::kNone));
      rule.action = std::move(action);
      return rule;
    }
    case v1::HttpRule::kRedirect: {
      LB_ASSIGN_OR_RETURN(rule.action, CompileRedirect(wire.redirect()));
      return rule;
    }
    case v1::HttpRule::kUseService:
      if (!is_request) return InvalidArgument("services answer requests only");
      rule.action = ServiceAction{wire.use_service().name()};
      return rule;
    case v1::HttpRule::kUriEdit: {
      if (!is_request) return InvalidArgument("the URI is of the request only");
      LB_ASSIGN_OR_RETURN(rule.action, CompileUriEdit(wire.uri_edit()));
      return rule;
    }
    case v1::HttpRule::kSetVar: {
      LB_ASSIGN_OR_RETURN(rule.action, CompileSetVar(wire.set_var()));
      return rule;
    }
    case v1::HttpRule::kCapture: {
      CaptureAction capture;
      capture.slot = wire.capture_slot();
      capture.max_length = wire.capture_length();
      if (capture.slot > 255) return InvalidArgument("capture slot above 255");
      LB_ASSIGN_OR_RETURN(capture.value, CompileLogFormat(wire.capture(), TextUse::kRaw));
      rule.action = std::move(capture);
      return rule;
    }
    case v1::HttpRule::kAuth:
      if (!is_request) return InvalidArgument("authentication is asked for on requests only");
      rule.action = AuthAction{wire.auth().realm()};
      return rule;
    case v1::HttpRule::kAllow:
      rule.action = AllowAction{};
      return rule;
    case v1::HttpRule::kSetLogLevel: {
      LogLevelAction action;
      LB_ASSIGN_OR_RETURN(action.level, ParseLogLevel(wire.set_log_level().level()));
      rule.action = action;
      return rule;
    }
    case v1::HttpRule::kSetStatus: {
      if (is_request) return InvalidArgument("the status is of the response only");
      StatusAction action;
      LB_ASSIGN_OR_RETURN(action.status, CheckStatus(wire.set_status().status(), 100, 999));
      action.reason = wire.set_status().reason();
      rule.action = std::move(action);
      return rule;
    }
    case v1::HttpRule::kWaitForBody:
      rule.action =
          WaitAction{{Millis(wire.wait_for_body().time_ms()), wire.wait_for_body().at_least()}};
      return rule;
    case v1::HttpRule::ACTION_NOT_SET:
      break;
  }
  return InvalidArgument("no action");
}

}  // namespace lb::rules
