// Regex: a PCRE2 pattern, compiled to machine code where the library can.
//
// Immutable once compiled; any thread may match with it. Matching allocates nothing once a thread
// has matched for the first time.
#ifndef LB_DATAPLANE_RULES_REGEX_H_
#define LB_DATAPLANE_RULES_REGEX_H_

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "dataplane/http/arena.h"

namespace lb::rules {

class Regex {
 public:
  // \0 to \9 of a replacement.
  static constexpr size_t kMaxGroups = 10;
  using Groups = std::array<std::string_view, kMaxGroups>;

  // The error names the pattern, the reason and the byte offset:
  // "regex '(a': missing closing parenthesis at offset 2".
  static absl::StatusOr<Regex> Compile(std::string_view pattern, bool ignore_case);

  bool Matches(std::string_view text) const;
  // Looks from byte `from` on. Fills `groups` (unset ones are empty); false when nothing matches or
  // the pattern takes more steps than the library's limit.
  bool Find(std::string_view text, size_t from, Groups* groups) const;

 private:
  struct Code;
  explicit Regex(std::shared_ptr<const Code> code) : code_(std::move(code)) {}

  std::shared_ptr<const Code> code_;
};

// A replacement text with back-references, split once: "\1" and "\0" refer to groups, "\xHH" is a
// byte, a backslash before anything else stands for that character.
// Source: HAProxy configuration manual, "http-request replace-header".
// Appends to `out`.
void ExpandReplacement(std::string_view replacement, const Regex::Groups& groups, std::string* out);

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_REGEX_H_
