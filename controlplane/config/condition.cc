#include "controlplane/config/condition.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "common/base/status.h"

namespace lb::config {
namespace {

constexpr std::array<std::string_view, 8> kFeatures = {
    "EPOLL", "GETADDRINFO", "OPENSSL", "PCRE2", "PCRE2_JIT", "PROMEX", "RT", "THREAD"};

// Bounds recursion over "!" and "(", which a hostile file could nest without end.
constexpr int kMaxDepth = 64;

// A version as five numbers: "2.6-dev3" sorts before "2.6.0", as releases follow their
// development versions.
using Version = std::array<int64_t, 5>;

absl::StatusOr<Version> ParseVersion(std::string_view text) {
  const std::string whole(text);
  Version version = {0, 0, 0, 1'000'000, 0};
  for (size_t i = 0; i < 3; ++i) {
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), version[i]);
    if (ec != std::errc()) return absl::InvalidArgumentError("not a version: '" + whole + "'");
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.empty() || text.front() != '.') break;
    text.remove_prefix(1);
  }
  if (text.substr(0, 4) == "-dev") {
    text.remove_prefix(4);
    version[3] = 0;
    if (!text.empty()) std::from_chars(text.data(), text.data() + text.size(), version[3]);
  }
  return version;
}

class Evaluator {
 public:
  Evaluator(std::string_view text, const VariableLookup& lookup) : text_(text), lookup_(lookup) {}

  absl::StatusOr<bool> Run() {
    SkipBlanks();
    if (AtEnd()) return false;
    LB_ASSIGN_OR_RETURN(bool result, Or(/*depth=*/0));
    SkipBlanks();
    if (!AtEnd()) return Unexpected();
    return result;
  }

 private:
  bool AtEnd() const { return pos_ >= text_.size(); }
  std::string_view Rest() const { return text_.substr(pos_); }
  void SkipBlanks() {
    while (!AtEnd() && absl::ascii_isspace(static_cast<unsigned char>(text_[pos_]))) ++pos_;
  }
  bool Consume(std::string_view token) {
    SkipBlanks();
    if (Rest().substr(0, token.size()) != token) return false;
    pos_ += token.size();
    return true;
  }
  absl::Status Unexpected() const {
    return absl::InvalidArgumentError(
        AtEnd() ? std::string("condition ends too early")
                : absl::StrCat("unexpected '", std::string(Rest()), "' in condition"));
  }

  // Every operand is evaluated, so that an error in one is found whatever the others say.
  absl::StatusOr<bool> Or(int depth) {
    LB_ASSIGN_OR_RETURN(bool result, And(depth));
    while (Consume("||")) {
      LB_ASSIGN_OR_RETURN(bool other, And(depth));
      result = result || other;
    }
    return result;
  }

  absl::StatusOr<bool> And(int depth) {
    LB_ASSIGN_OR_RETURN(bool result, Unary(depth));
    while (Consume("&&")) {
      LB_ASSIGN_OR_RETURN(bool other, Unary(depth));
      result = result && other;
    }
    return result;
  }

  absl::StatusOr<bool> Unary(int depth) {
    if (depth > kMaxDepth) return absl::InvalidArgumentError("condition is nested too deeply");
    if (Consume("!")) {
      LB_ASSIGN_OR_RETURN(bool result, Unary(depth + 1));
      return !result;
    }
    if (Consume("(")) {
      LB_ASSIGN_OR_RETURN(bool result, Or(depth + 1));
      if (!Consume(")")) return absl::InvalidArgumentError("missing ')' in condition");
      return result;
    }
    return Primary();
  }

  absl::StatusOr<bool> Primary() {
    SkipBlanks();
    int64_t number = 0;
    const std::string_view rest = Rest();
    auto [end, ec] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (ec == std::errc()) {
      pos_ += static_cast<size_t>(end - rest.data());
      return number != 0;
    }
    size_t length = 0;
    while (length < rest.size() &&
           (absl::ascii_isalnum(static_cast<unsigned char>(rest[length])) || rest[length] == '_')) {
      ++length;
    }
    if (length == 0) return Unexpected();
    const std::string name(rest.substr(0, length));
    pos_ += length;
    if (!Consume("(")) {
      return absl::InvalidArgumentError(absl::StrCat("unknown condition '", name, "'"));
    }
    LB_ASSIGN_OR_RETURN(std::vector<std::string> args, Arguments());
    return Call(name, args);
  }

  // Comma-separated up to the closing parenthesis; quotes and backslashes protect.
  absl::StatusOr<std::vector<std::string>> Arguments() {
    std::vector<std::string> args(1);
    char quote = 0;
    for (; !AtEnd(); ++pos_) {
      const char c = text_[pos_];
      if (quote != '\'' && c == '\\' && pos_ + 1 < text_.size()) {
        args.back().push_back(text_[++pos_]);
      } else if (c == quote) {
        quote = 0;
      } else if (quote != 0) {
        args.back().push_back(c);
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == ',') {
        args.emplace_back();
      } else if (c == ')') {
        ++pos_;
        return args;
      } else {
        args.back().push_back(c);
      }
    }
    return absl::InvalidArgumentError("missing ')' in condition");
  }

  absl::StatusOr<bool> Call(const std::string& name, const std::vector<std::string>& args) {
    const size_t expected = name == "streq" || name == "strneq" ? 2 : 1;
    if (args.size() != expected) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, "() takes ", expected, expected == 1 ? " argument" : " arguments"));
    }
    if (name == "defined") return lookup_(args[0]).has_value();
    if (name == "feature") return std::ranges::find(kFeatures, args[0]) != kFeatures.end();
    if (name == "streq") return args[0] == args[1];
    if (name == "strneq") return args[0] != args[1];
    if (name == "version_atleast" || name == "version_before") {
      LB_ASSIGN_OR_RETURN(Version asked, ParseVersion(args[0]));
      LB_ASSIGN_OR_RETURN(Version ours, ParseVersion(kLanguageVersion));
      return (ours >= asked) == (name == "version_atleast");
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "unknown condition '", name,
        "()' (expected defined, feature, streq, strneq, version_atleast or version_before)"));
  }

  std::string_view text_;
  const VariableLookup& lookup_;
  size_t pos_ = 0;
};

}  // namespace

std::span<const std::string_view> Features() { return kFeatures; }

absl::StatusOr<bool> EvaluateCondition(std::string_view expression, const VariableLookup& lookup) {
  return Evaluator(expression, lookup).Run();
}

}  // namespace lb::config
