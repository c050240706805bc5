#include "dataplane/rules/compiler.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"

#include "common/base/status.h"
#include "dataplane/rules/compile_args.h"
#include "dataplane/rules/functions.h"

namespace lb::rules {
namespace {

catalog::Match MatchOf(v1::MatchMethod method) {
  switch (method) {
    case v1::MATCH_BOOL:
      return catalog::Match::kBool;
    case v1::MATCH_FOUND:
      return catalog::Match::kFound;
    case v1::MATCH_STR:
      return catalog::Match::kString;
    case v1::MATCH_BEG:
      return catalog::Match::kBegin;
    case v1::MATCH_END:
      return catalog::Match::kEnd;
    case v1::MATCH_SUB:
      return catalog::Match::kSub;
    case v1::MATCH_REG:
      return catalog::Match::kRegex;
    case v1::MATCH_DIR:
      return catalog::Match::kDir;
    case v1::MATCH_DOM:
      return catalog::Match::kDomain;
    case v1::MATCH_LEN:
      return catalog::Match::kLength;
    case v1::MATCH_INT:
      return catalog::Match::kInt;
    case v1::MATCH_IP:
      return catalog::Match::kIp;
    case v1::MATCH_BIN:
      return catalog::Match::kBinary;
    default:
      return catalog::Match::kNone;
  }
}

std::vector<std::string> ListOf(const google::protobuf::RepeatedPtrField<std::string>& field) {
  return {field.begin(), field.end()};
}

// Whether a literal can stand in a header field's value (RFC 9110, 5.5).
bool IsFieldText(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<uint8_t>(c) < 32 && c != '\t') || c == 127;
  });
}

template <typename T>
absl::StatusOr<T> AddContext(absl::StatusOr<T> result, std::string_view context) {
  if (result.ok()) return result;
  return WithContext(result.status(), context);
}

}  // namespace

CompileEnvironment CompileEnvironment::Real() {
  return {[](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  }};
}

absl::StatusOr<Expr> Compiler::CompileExpr(const v1::Expr& expr) const {
  const catalog::Fetch* fetch = catalog::FindCanonicalFetch(expr.fetch());
  FetchFunction function = FindFetchFunction(expr.fetch());
  if (fetch == nullptr || function == nullptr)
    return InvalidArgument("unknown fetch '" + expr.fetch() + "'");
  LB_ASSIGN_OR_RETURN(ProgramArgs args,
                      CompileFetchArgs(*fetch, ListOf(expr.args()), environment_.getenv));
  std::vector<Expr::Step> steps;
  for (const v1::Converter& wire : expr.converters()) {
    const catalog::Converter* converter = catalog::FindConverter(wire.name());
    Expr::Step step;
    step.function = FindConvertFunction(wire.name());
    if (converter == nullptr || step.function == nullptr) {
      return InvalidArgument("unknown converter '" + wire.name() + "'");
    }
    step.input = converter->input;
    LB_ASSIGN_OR_RETURN(step.args, CompileConverterArgs(*converter, ListOf(wire.args())));
    steps.push_back(std::move(step));
  }
  return Expr(function, std::move(args), std::move(steps));
}

absl::StatusOr<LogFormat> Compiler::CompileLogFormat(const v1::LogFormat& format,
                                                     TextUse use) const {
  std::vector<LogFormat::Item> items;
  for (const v1::LogItem& wire : format.items()) {
    LogFormat::Item item;
    item.flags.quote = wire.quote();
    item.flags.escape = wire.escape();
    item.flags.hex = wire.hex();
    item.flags.dash_when_empty = use == TextUse::kLog || wire.mandatory_space();
    if (wire.has_tag()) {
      item.kind = LogFormat::Item::Kind::kTag;
      std::optional<TagId> tag = FindTag(wire.tag());
      if (!tag.has_value()) return InvalidArgument("unknown log tag '%" + wire.tag() + "'");
      item.tag = *tag;
    } else if (wire.has_expr()) {
      item.kind = LogFormat::Item::Kind::kExpr;
      LB_ASSIGN_OR_RETURN(item.expr, CompileExpr(wire.expr()));
    } else {
      item.text = wire.text();
      if (use == TextUse::kHeader && !IsFieldText(item.text)) {
        return InvalidArgument("a line break or control character cannot be part of this text");
      }
    }
    items.push_back(std::move(item));
  }
  return LogFormat(std::move(items), use);
}

absl::Status Compiler::CompileAcls(const google::protobuf::RepeatedPtrField<v1::Acl>& acls) {
  acls_.clear();
  for (const v1::Acl& wire : acls) {
    absl::StatusOr<Acl> acl = CompileAcl(wire);
    if (!acl.ok()) {
      return WithContext(acl.status(), wire.name().empty() ? std::string("anonymous acl")
                                                           : "acl '" + wire.name() + "'");
    }
    acls_.push_back(std::make_shared<const Acl>(*std::move(acl)));
  }
  return absl::OkStatus();
}

absl::StatusOr<Acl> Compiler::CompileAcl(const v1::Acl& wire) const {
  Acl acl;
  acl.name = wire.name();
  for (const v1::AclTest& wire_test : wire.tests()) {
    AclTest test;
    LB_ASSIGN_OR_RETURN(test.expr, CompileExpr(wire_test.expr()));
    const catalog::Fetch* fetch = catalog::FindCanonicalFetch(wire_test.expr().fetch());
    test.needs_request = fetch->places == catalog::kRequest;
    LB_ASSIGN_OR_RETURN(test.patterns,
                        PatternSet::Compile(MatchOf(wire_test.method()), wire_test.ignore_case(),
                                            ListOf(wire_test.patterns())));
    // A method that compares nothing must be refused too, not only its patterns.
    if (wire_test.method() == v1::MATCH_METHOD_UNSPECIFIED)
      return InvalidArgument("no match method");
    acl.tests.push_back(std::move(test));
  }
  return acl;
}

absl::StatusOr<Condition> Compiler::CompileCondition(const v1::Condition& condition) const {
  std::vector<Condition::Terms> any_of;
  for (const v1::AclTerms& wire_terms : condition.any_of()) {
    Condition::Terms terms;
    for (const v1::AclTerm& term : wire_terms.terms()) {
      if (term.acl() >= acls_.size()) {
        return InvalidArgument("acl number " + std::to_string(term.acl()) + " does not exist");
      }
      terms.push_back({acls_[term.acl()], term.negate()});
    }
    any_of.push_back(std::move(terms));
  }
  return Condition(std::move(any_of), condition.negate());
}

absl::StatusOr<SetVar> Compiler::CompileSetVar(const v1::SetVar& wire) const {
  SetVar set;
  LB_ASSIGN_OR_RETURN(set.variable, ParseVariable(wire.scope() + "." + wire.name()));
  if (wire.unset()) {
    set.kind = SetVar::Kind::kUnset;
  } else if (wire.has_format()) {
    set.kind = SetVar::Kind::kFormat;
    LB_ASSIGN_OR_RETURN(set.format, CompileLogFormat(wire.format(), TextUse::kRaw));
  } else {
    LB_ASSIGN_OR_RETURN(set.expr, CompileExpr(wire.expr()));
  }
  return set;
}

absl::StatusOr<HttpRules> Compiler::CompileHttpRules(
    const google::protobuf::RepeatedPtrField<v1::HttpRule>& rules,
    catalog::Direction direction) const {
  std::vector<HttpRule> compiled;
  size_t capture_slots = 0;
  for (const v1::HttpRule& wire : rules) {
    absl::StatusOr<HttpRule> rule = CompileHttpRule(wire, direction);
    if (!rule.ok()) {
      std::string_view list =
          direction == catalog::Direction::kRequest ? "http-request rule " : "http-response rule ";
      return WithContext(rule.status(), std::string(list) + std::to_string(compiled.size() + 1));
    }
    if (const auto* capture = std::get_if<CaptureAction>(&rule->action)) {
      capture_slots = std::max(capture_slots, capture->slot + 1);
    }
    compiled.push_back(*std::move(rule));
  }
  return HttpRules(direction, std::move(compiled), capture_slots);
}

absl::StatusOr<TcpRules> Compiler::CompileTcpRules(
    const google::protobuf::RepeatedPtrField<v1::TcpRule>& rules, v1::TcpRule::Phase phase) const {
  std::vector<TcpRule> compiled;
  int number = 0;
  for (const v1::TcpRule& wire : rules) {
    ++number;
    if (wire.phase() != phase) continue;
    std::string context = "tcp rule " + std::to_string(number);
    TcpRule rule;
    if (wire.has_condition()) {
      LB_ASSIGN_OR_RETURN(rule.condition, AddContext(CompileCondition(wire.condition()), context));
    }
    switch (wire.action_case()) {
      case v1::TcpRule::kAccept:
        rule.kind = TcpRule::Kind::kAccept;
        break;
      case v1::TcpRule::kReject:
        rule.kind = TcpRule::Kind::kReject;
        break;
      case v1::TcpRule::kSetVar: {
        rule.kind = TcpRule::Kind::kSetVar;
        LB_ASSIGN_OR_RETURN(rule.set_var, AddContext(CompileSetVar(wire.set_var()), context));
        break;
      }
      case v1::TcpRule::kExpectProxy:
        rule.kind = TcpRule::Kind::kExpectProxy;
        break;
      default:
        return InvalidArgument(context + ": no action");
    }
    compiled.push_back(std::move(rule));
  }
  return TcpRules(std::move(compiled));
}

absl::StatusOr<UseBackends> Compiler::CompileUseBackends(
    const google::protobuf::RepeatedPtrField<v1::UseBackend>& rules) const {
  std::vector<UseBackends::Rule> compiled;
  for (const v1::UseBackend& wire : rules) {
    std::string context = "use_backend rule " + std::to_string(compiled.size() + 1);
    UseBackends::Rule rule;
    rule.name = wire.backend();
    if (wire.has_condition()) {
      LB_ASSIGN_OR_RETURN(rule.condition, AddContext(CompileCondition(wire.condition()), context));
    }
    if (wire.has_format()) {
      LB_ASSIGN_OR_RETURN(rule.format,
                          AddContext(CompileLogFormat(wire.format(), TextUse::kRaw), context));
    } else if (wire.backend().empty()) {
      return InvalidArgument(context + ": no backend");
    }
    compiled.push_back(std::move(rule));
  }
  return UseBackends(std::move(compiled));
}

}  // namespace lb::rules
