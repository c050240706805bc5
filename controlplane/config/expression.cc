#include "controlplane/config/expression.h"

#include <charconv>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "common/base/status.h"
#include "common/catalog/unsupported.h"
#include "controlplane/config/keyword.h"
#include "controlplane/config/regex_check.h"

namespace lb::config {
namespace {

using catalog::ValueType;

bool IsFetchNameChar(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-' ||
         c == '+';
}

std::string WithHint(std::string message, const std::string& closest) {
  if (!closest.empty()) absl::StrAppend(&message, "; ", DidYouMean(closest));
  return message;
}

std::string ClosestFetch(std::string_view name) {
  const std::vector<std::string> known = catalog::AllFetchNames();
  const std::vector<std::string_view> views(known.begin(), known.end());
  return Closest(name, views);
}

std::string ClosestConverter(std::string_view name) {
  std::vector<std::string_view> views;
  for (const catalog::Converter& converter : catalog::AllConverters()) {
    views.push_back(converter.name);
  }
  return Closest(name, views);
}

// Whether a value of type `from` may go into a converter that takes `to`. HAProxy casts between
// nearly all types; a boolean only to numbers and text.
bool CanCast(ValueType from, ValueType to) {
  if (from == to || from == ValueType::kAny || to == ValueType::kAny || to == ValueType::kSame) {
    return true;
  }
  if (to == ValueType::kAddress) return from != ValueType::kBool;
  if (to == ValueType::kMethod) return false;
  return true;
}

class ExpressionParser {
 public:
  ExpressionParser(std::string_view text, ExpressionUse use, const ExpressionSite& site)
      : text_(text), use_(use), site_(site) {}

  absl::StatusOr<ParsedExpression> Run() {
    LB_RETURN_IF_ERROR(Fetch());
    while (Peek() == ',') {
      ++pos_;
      LB_RETURN_IF_ERROR(Converter());
    }
    out_.consumed = pos_;
    return std::move(out_);
  }

 private:
  char Peek() const { return pos_ < text_.size() ? text_[pos_] : '\0'; }

  std::string Name() {
    const size_t start = pos_;
    while (pos_ < text_.size() && IsFetchNameChar(text_[pos_])) ++pos_;
    return std::string(text_.substr(start, pos_ - start));
  }

  absl::Status Fetch() {
    const std::string name = Name();
    if (name.empty()) return InvalidArgument("missing sample fetch");
    const std::optional<catalog::FetchRef> ref = catalog::FindFetch(name, site_.direction);
    if (!ref) {
      if (name == "ssl_fc_npn" || name == "ssl_bc_npn") {
        return InvalidArgument(absl::StrCat("'", name,
                                            "' is not supported: NPN is gone from TLS; use '",
                                            name.substr(0, 6), "_alpn'"));
      }
      if (catalog::IsUnsupportedFetch(name)) {
        return InvalidArgument(absl::StrCat("sample fetch '", name, "' is not supported yet"));
      }
      return InvalidArgument(
          WithHint(absl::StrCat("unknown sample fetch '", name, "'"), ClosestFetch(name)));
    }
    if (ref->is_acl_keyword && use_ == ExpressionUse::kSample) {
      return InvalidArgument(
          absl::StrCat("'", name, "' is only for ACLs; use '", std::string(ref->fetch->name), "'"));
    }
    LB_ASSIGN_OR_RETURN(std::vector<std::string> args, Arguments(name, ref->fetch->args));
    out_.expr.set_fetch(std::string(ref->fetch->name));
    for (std::string& arg : args) out_.expr.add_args(std::move(arg));
    out_.match = ref->match;
    out_.type = ref->fetch->result;
    out_.is_usable_here = (ref->fetch->places & site_.places) != 0;
    return absl::OkStatus();
  }

  absl::Status Converter() {
    const std::string name = Name();
    if (name.empty()) return InvalidArgument("missing converter after ','");
    const catalog::Converter* converter = catalog::FindConverter(name);
    if (converter == nullptr) {
      if (catalog::IsUnsupportedConverter(name)) {
        return InvalidArgument(absl::StrCat("converter '", name, "' is not supported yet"));
      }
      return InvalidArgument(
          WithHint(absl::StrCat("unknown converter '", name, "'"), ClosestConverter(name)));
    }
    if (!CanCast(out_.type, converter->input)) {
      return InvalidArgument(absl::StrCat(
          "converter '", name, "' takes ", std::string(catalog::ValueTypeName(converter->input)),
          ", not ", std::string(catalog::ValueTypeName(out_.type))));
    }
    LB_ASSIGN_OR_RETURN(std::vector<std::string> args, Arguments(name, converter->args));
    v1::Converter* added = out_.expr.add_converters();
    added->set_name(std::string(converter->name));
    for (std::string& arg : args) added->add_args(std::move(arg));
    if (converter->result != ValueType::kSame) out_.type = converter->result;
    out_.match = catalog::DefaultMatch(out_.type);
    return absl::OkStatus();
  }

  // "(a,b)" or nothing, with quotes and backslashes resolved, checked against `expected`.
  absl::StatusOr<std::vector<std::string>> Arguments(const std::string& name,
                                                     std::span<const catalog::Arg> expected) {
    std::vector<std::string> args;
    if (Peek() == '(') {
      ++pos_;
      LB_RETURN_IF_ERROR(Split(name, &args));
    }
    if (std::optional<std::string> problem = catalog::CheckArgCount(name, expected, args.size())) {
      return InvalidArgument(*problem);
    }
    for (size_t i = 0; i < args.size() && i < expected.size(); ++i) {
      LB_RETURN_IF_ERROR(WithContext(CheckArgument(expected[i], args[i]),
                                     absl::StrCat("argument ", i + 1, " of ", name, "()")));
    }
    return args;
  }

  absl::Status Split(const std::string& name, std::vector<std::string>* args) {
    char quote = 0;
    std::string arg;
    bool any = false;
    for (; pos_ < text_.size(); ++pos_) {
      const char c = text_[pos_];
      if (c == quote) {
        quote = 0;
      } else if (quote != '\'' && c == '\\' && pos_ + 1 < text_.size()) {
        Escape(&arg);
      } else if (quote != 0) {
        arg.push_back(c);
      } else if (c == '"' || c == '\'') {
        quote = c;
        any = true;
      } else if (c == ',') {
        args->push_back(std::exchange(arg, ""));
        any = true;
      } else if (c == ')') {
        ++pos_;
        if (any || !arg.empty()) args->push_back(std::move(arg));
        return absl::OkStatus();
      } else {
        arg.push_back(c);
      }
    }
    return InvalidArgument(absl::StrCat(quote != 0 ? "unmatched quote" : "missing ')'",
                                        " in the arguments of '", name, "'"));
  }

  void Escape(std::string* arg) {
    const char next = text_[pos_ + 1];
    switch (next) {
      case 'n':
        arg->push_back('\n');
        break;
      case 'r':
        arg->push_back('\r');
        break;
      case 't':
        arg->push_back('\t');
        break;
      case ' ':
      case '\\':
      case '\'':
      case '"':
        arg->push_back(next);
        break;
      default:
        arg->push_back('\\');
        return;
    }
    ++pos_;
  }

  static absl::Status CheckArgument(const catalog::Arg& arg, const std::string& text) {
    if (text.empty() && !arg.required) return absl::OkStatus();
    switch (arg.type) {
      case catalog::ArgType::kInt:
        return CheckInteger(text);
      case catalog::ArgType::kIntOrVar:
        return catalog::ParseVariableName(text) ? absl::OkStatus() : CheckInteger(text);
      case catalog::ArgType::kVariable:
        if (catalog::ParseVariableName(text)) return absl::OkStatus();
        return InvalidArgument(absl::StrCat("'", text,
                                            "' is not a variable (expected SCOPE.NAME, scope "
                                            "proc, sess, txn, req or res)"));
      case catalog::ArgType::kRegex:
        return CheckRegex(text);
      case catalog::ArgType::kNameFormat:
        if (text == "rfc2253") return absl::OkStatus();
        return InvalidArgument(absl::StrCat("format '", text, "': only rfc2253 is known"));
      default:
        return absl::OkStatus();
    }
  }

  static absl::Status CheckInteger(const std::string& text) {
    int64_t value = 0;
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec == std::errc() && end == text.data() + text.size()) return absl::OkStatus();
    return InvalidArgument(absl::StrCat("'", text, "' is not an integer"));
  }

  std::string_view text_;
  ExpressionUse use_;
  const ExpressionSite& site_;
  size_t pos_ = 0;
  ParsedExpression out_;
};

}  // namespace

absl::StatusOr<ParsedExpression> ParseExpression(std::string_view text, ExpressionUse use,
                                                 const ExpressionSite& site) {
  return ExpressionParser(text, use, site).Run();
}

}  // namespace lb::config
