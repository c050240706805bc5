#include "controlplane/config/acl.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "controlplane/config/acl_pattern.h"
#include "controlplane/config/utf8.h"

namespace lb::config {
namespace {

// ACLs that every proxy has (HAProxy configuration manual, section 7.4).
struct PredefinedAcl {
  std::string_view name;
  std::string_view criterion;
  std::array<std::string_view, 2> patterns;
};
constexpr std::array<PredefinedAcl, 21> kPredefined = {{
    {"FALSE", "always_false", {}},
    {"HTTP", "req_proto_http", {}},
    {"HTTP_1.0", "req_ver", {"1.0"}},
    {"HTTP_1.1", "req_ver", {"1.1"}},
    {"HTTP_2.0", "req_ver", {"2.0"}},
    {"HTTP_CONTENT", "req.hdr_val(content-length)", {"gt:0"}},
    {"HTTP_URL_ABS", "url_reg", {"^[^/:]*://"}},
    {"HTTP_URL_SLASH", "url_beg", {"/"}},
    {"HTTP_URL_STAR", "url", {"*"}},
    {"LOCALHOST", "src", {"127.0.0.1/8", "::1"}},
    {"METH_CONNECT", "method", {"CONNECT"}},
    {"METH_DELETE", "method", {"DELETE"}},
    {"METH_GET", "method", {"GET", "HEAD"}},
    {"METH_HEAD", "method", {"HEAD"}},
    {"METH_OPTIONS", "method", {"OPTIONS"}},
    {"METH_POST", "method", {"POST"}},
    {"METH_PUT", "method", {"PUT"}},
    {"METH_TRACE", "method", {"TRACE"}},
    {"REQ_CONTENT", "req.len", {"gt:0"}},
    {"TRUE", "always_true", {}},
    {"WAIT_END", "wait_end", {}},
}};

// And those that HAProxy has besides.
constexpr std::string_view kMissingAcls[] = {"RDP_COOKIE"};

// In ACLs a name without a direction ("hdr") always means the request.
ExpressionSite AclSite(const ExpressionSite& site) {
  return {catalog::Direction::kRequest, site.places};
}

bool HasPatterns(catalog::Match match) {
  return match != catalog::Match::kBool && match != catalog::Match::kFound;
}

// Reads one criterion: words [first, last) of a statement's arguments.
class CriterionParser {
 public:
  CriterionParser(const Statement& statement, size_t first, size_t last, const ExpressionSite& site,
                  Scope& scope)
      : statement_(statement),
        first_(first),
        next_(first + 1),
        last_(last),
        site_(site),
        scope_(scope) {}

  std::optional<v1::AclTest> Run() {
    if (!Expression() || !Flags() || !Patterns()) return std::nullopt;
    CheckEmpty();
    return std::move(test_);
  }

 private:
  const std::string& Text(size_t i) const { return statement_.args[i].text; }
  bool Fail(size_t i, std::string message, std::string fix = "") {
    scope_.Error(statement_, i, std::move(message), std::move(fix));
    return false;
  }

  bool Expression() {
    const std::string& text = Text(first_);
    absl::StatusOr<ParsedExpression> parsed =
        ParseExpression(text, ExpressionUse::kAcl, AclSite(site_));
    if (!parsed.ok()) return Fail(first_, std::string(parsed.status().message()));
    if (parsed->consumed != text.size()) {
      return Fail(first_, absl::StrCat("unexpected '", text.substr(parsed->consumed),
                                       "' after the expression"));
    }
    if (!parsed->is_usable_here) {
      scope_.Warning(statement_, first_,
                     absl::StrCat("'", text, "' gives nothing here, so this never matches"));
    }
    match_ = parsed->match;
    type_ = parsed->type;
    *test_.mutable_expr() = std::move(parsed->expr);
    return true;
  }

  bool Flags() {
    for (; next_ < last_ && Text(next_).starts_with('-') && Text(next_).size() > 1; ++next_) {
      const std::string& flag = Text(next_);
      if (flag == "--") {
        saw_end_of_flags_ = true;
        ++next_;
        break;
      }
      if (flag == "-i") {
        test_.set_ignore_case(true);
      } else if (flag == "-n") {
        continue;  // patterns are never resolved as host names
      } else if (flag == "-m" || flag == "-f") {
        if (++next_ >= last_)
          return Fail(next_ - 1, absl::StrCat("'", flag, "' expects an argument"));
        if (flag == "-m" ? !Method() : !PatternFile()) return false;
      } else if (flag == "-M" || flag == "-u") {
        return Fail(next_, absl::StrCat("ACL flag '", flag, "' is not supported yet"));
      } else if (absl::ascii_isdigit(static_cast<unsigned char>(flag[1]))) {
        break;  // a negative number
      } else {
        return Fail(next_, absl::StrCat("unknown ACL flag '", flag, "'"),
                    "a pattern that begins with '-' must follow '--'");
      }
    }
    return FinishMethod();
  }

  bool Method() {
    const std::optional<catalog::Match> match = catalog::FindMatch(Text(next_));
    if (!match) return Fail(next_, absl::StrCat("unknown match method '", Text(next_), "'"));
    if (!catalog::IsCompatible(*match, type_)) {
      return Fail(next_,
                  absl::StrCat("match method '", Text(next_), "' does not fit a sample of type ",
                               std::string(catalog::ValueTypeName(type_))));
    }
    match_ = *match;
    return true;
  }

  bool PatternFile() {
    std::optional<std::string> text = scope_.File(statement_, next_);
    if (!text) return false;
    if (!IsUtf8(*text)) return Fail(next_, "the file is not UTF-8 text");
    for (std::string& pattern : SplitPatternFile(*text)) {
      file_patterns_.push_back({next_, std::move(pattern)});
    }
    has_file_ = true;
    return true;
  }

  bool FinishMethod() {
    if (match_ == catalog::Match::kNone) {
      return Fail(first_, absl::StrCat("'", Text(first_), "' needs a match method"),
                  "add '-m str', '-m beg', '-m found' or another");
    }
    test_.set_method(ToWire(match_));
    has_versions_ = match_ == catalog::Match::kInt && test_.expr().fetch() == "req.ssl_ver" &&
                    test_.expr().converters().empty();
    for (const auto& [position, pattern] : file_patterns_) {
      if (!AddPattern(position, "", pattern)) return false;
    }
    return true;
  }

  bool Patterns() {
    std::string comparison;
    for (; next_ < last_; ++next_) {
      const bool is_number = match_ == catalog::Match::kInt || match_ == catalog::Match::kLength;
      if (is_number && IsOperator(Text(next_))) {
        comparison = Text(next_);
      } else if (!AddPattern(next_, comparison, Text(next_))) {
        return false;
      }
    }
    return true;
  }

  bool AddPattern(size_t position, std::string_view comparison, std::string_view text) {
    absl::StatusOr<std::string> pattern = has_versions_
                                              ? NormalizeVersion(comparison, text)
                                              : NormalizePattern(match_, comparison, text);
    if (!pattern.ok()) return Fail(position, std::string(pattern.status().message()));
    test_.add_patterns(*std::move(pattern));
    return true;
  }

  void CheckEmpty() {
    if (!HasPatterns(match_) || test_.patterns_size() > 0 || saw_end_of_flags_ || has_file_) return;
    scope_.Warning(statement_, first_, "no pattern to match against, so this never matches",
                   "add '--' if that is wanted, or '-m found' to test for existence");
  }

  const Statement& statement_;
  size_t first_;
  size_t next_;
  size_t last_;
  const ExpressionSite& site_;
  Scope& scope_;
  v1::AclTest test_;
  catalog::Match match_ = catalog::Match::kNone;
  catalog::ValueType type_ = catalog::ValueType::kAny;
  std::vector<std::pair<size_t, std::string>> file_patterns_;
  bool saw_end_of_flags_ = false;
  bool has_file_ = false;
  bool has_versions_ = false;  // patterns are "3.1" and the like
};

std::optional<uint32_t> FindOwnAcl(const Proxy& proxy, std::string_view name) {
  for (size_t i = proxy.first_own_acl; i < proxy.acls.size(); ++i) {
    if (proxy.acls[i].name() == name) return static_cast<uint32_t>(i);
  }
  return std::nullopt;
}

uint32_t AddAcl(Proxy& proxy, std::string name, v1::AclTest test) {
  v1::Acl acl;
  acl.set_name(std::move(name));
  *acl.add_tests() = std::move(test);
  proxy.acls.push_back(std::move(acl));
  return static_cast<uint32_t>(proxy.acls.size() - 1);
}

// The index of a predefined ACL, made on first use; nullopt when there is none of the name.
std::optional<uint32_t> UsePredefined(Proxy& proxy, std::string_view name) {
  for (const PredefinedAcl& predefined : kPredefined) {
    if (predefined.name != name) continue;
    absl::StatusOr<ParsedExpression> parsed =
        ParseExpression(predefined.criterion, ExpressionUse::kAcl, kRequestSite);
    if (!parsed.ok()) return std::nullopt;
    v1::AclTest test;
    *test.mutable_expr() = std::move(parsed->expr);
    test.set_method(ToWire(parsed->match));
    for (std::string_view pattern : predefined.patterns) {
      if (!pattern.empty()) test.add_patterns(std::string(pattern));
    }
    return AddAcl(proxy, std::string(name), std::move(test));
  }
  return std::nullopt;
}

class ConditionParser {
 public:
  ConditionParser(const Statement& statement, size_t first, const ExpressionSite& site,
                  Scope& scope)
      : statement_(statement), next_(first), site_(site), scope_(scope) {}

  std::optional<v1::Condition> Run() {
    const size_t keyword = next_++;
    condition_.set_negate(statement_.args[keyword].text == "unless");
    while (next_ < statement_.args.size()) {
      if (!Word()) return std::nullopt;
    }
    if (negate_ || terms_.terms_size() == 0) {
      Fail(next_, absl::StrCat("missing ACL after '", statement_.args[next_ - 1].text, "'"));
      return std::nullopt;
    }
    *condition_.add_any_of() = std::move(terms_);
    return std::move(condition_);
  }

 private:
  bool Fail(size_t i, std::string message, std::string fix = "") {
    scope_.Error(statement_, i, std::move(message), std::move(fix));
    return false;
  }

  bool Word() {
    std::string_view text = statement_.args[next_].text;
    if (text == "or" || text == "||") {
      if (negate_ || terms_.terms_size() == 0) {
        return Fail(next_, absl::StrCat("missing ACL before '", std::string(text), "'"));
      }
      *condition_.add_any_of() = std::move(terms_);
      terms_.Clear();
      ++next_;
      return true;
    }
    while (text.starts_with('!')) {
      negate_ = !negate_;
      text.remove_prefix(1);
    }
    if (text.empty()) {
      ++next_;
      return true;
    }
    return text == "{" ? Anonymous() : Named(text);
  }

  bool Anonymous() {
    const size_t open = next_;
    size_t close = open + 1;
    while (close < statement_.args.size() && statement_.args[close].text != "}") ++close;
    if (close >= statement_.args.size()) {
      return Fail(open, "'{' without '}'", "both must stand alone, with blanks around them");
    }
    if (close == open + 1) return Fail(open, "empty anonymous ACL");
    std::optional<v1::AclTest> test =
        CriterionParser(statement_, open + 1, close, site_, scope_).Run();
    if (!test) return false;
    AddTerm(AddAcl(scope_.proxy(), "", *std::move(test)));
    next_ = close + 1;
    return true;
  }

  bool Named(std::string_view name) {
    std::optional<uint32_t> index = FindOwnAcl(scope_.proxy(), name);
    if (!index) index = UsePredefined(scope_.proxy(), name);
    if (!index && std::ranges::count(kMissingAcls, name) > 0) {
      return Fail(next_,
                  absl::StrCat("predefined ACL '", std::string(name), "' is not supported yet"));
    }
    if (!index) {
      return Fail(next_, absl::StrCat("no ACL '", std::string(name), "' above this line"),
                  DidYouMean(ClosestName(name)));
    }
    if (!GivesAnything(scope_.proxy().acls[*index])) {
      scope_.Warning(statement_, next_,
                     absl::StrCat("ACL '", std::string(name),
                                  "' never matches here: what it looks "
                                  "at is not there at this point"));
    }
    AddTerm(*index);
    ++next_;
    return true;
  }

  bool GivesAnything(const v1::Acl& acl) const {
    return std::ranges::any_of(acl.tests(), [this](const v1::AclTest& test) {
      const catalog::Fetch* fetch = catalog::FindCanonicalFetch(test.expr().fetch());
      return fetch == nullptr || (fetch->places & site_.places) != 0;
    });
  }

  std::string ClosestName(std::string_view name) {
    const Proxy& proxy = scope_.proxy();
    std::vector<std::string_view> names;
    for (size_t i = proxy.first_own_acl; i < proxy.acls.size(); ++i) {
      if (!proxy.acls[i].name().empty()) names.push_back(proxy.acls[i].name());
    }
    for (const PredefinedAcl& predefined : kPredefined) names.push_back(predefined.name);
    return Closest(name, names);
  }

  void AddTerm(uint32_t acl) {
    v1::AclTerm* term = terms_.add_terms();
    term->set_acl(acl);
    term->set_negate(std::exchange(negate_, false));
  }

  const Statement& statement_;
  size_t next_;
  const ExpressionSite& site_;
  Scope& scope_;
  v1::Condition condition_;
  v1::AclTerms terms_;
  bool negate_ = false;
};

}  // namespace

void AddNamedAcl(const Statement& statement, Scope& scope) {
  const std::string& name = statement.args[0].text;
  if (name == "or" || name == "if" || name == "unless" || name == "{" || name == "}") {
    return scope.Error(statement, 0, absl::StrCat("'", name, "' cannot name an ACL"));
  }
  // Where it will be used is not known yet: every place counts.
  const ExpressionSite anywhere = {catalog::Direction::kRequest, catalog::kEverywhere};
  std::optional<v1::AclTest> test =
      CriterionParser(statement, 1, statement.args.size(), anywhere, scope).Run();
  if (!test) return;
  if (std::optional<uint32_t> index = FindOwnAcl(scope.proxy(), name)) {
    *scope.proxy().acls[*index].add_tests() = *std::move(test);
    return;
  }
  AddAcl(scope.proxy(), name, *std::move(test));
}

bool BeginsCondition(std::string_view word) { return word == "if" || word == "unless"; }

size_t FindCondition(const Statement& statement, size_t from) {
  size_t i = from;
  while (i < statement.args.size() && !BeginsCondition(statement.args[i].text)) ++i;
  return i;
}

std::optional<ParsedCondition> ParseCondition(const Statement& statement, size_t first,
                                              const ExpressionSite& site, Scope& scope) {
  if (first >= statement.args.size()) return ParsedCondition{};
  if (!BeginsCondition(statement.args[first].text)) {
    scope.Error(statement, first, absl::StrCat("unexpected '", statement.args[first].text, "'"),
                "a condition begins with 'if' or 'unless'");
    return std::nullopt;
  }
  std::optional<v1::Condition> condition = ConditionParser(statement, first, site, scope).Run();
  if (!condition) return std::nullopt;
  return ParsedCondition{std::move(condition)};
}

}  // namespace lb::config
