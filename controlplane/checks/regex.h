// Regex: a PCRE2 pattern over bytes, as "rstring" and "rstatus" of checks take them.
// Movable; not thread-safe.
#ifndef LB_CONTROLPLANE_CHECKS_REGEX_H_
#define LB_CONTROLPLANE_CHECKS_REGEX_H_

#include <memory>
#include <optional>
#include <string_view>

struct pcre2_real_code_8;

namespace lb::checks {

class Regex {
 public:
  // nullopt: not a valid pattern.
  static std::optional<Regex> Compile(std::string_view pattern);
  // Whether `text` holds a match. A match that costs too much counts as none.
  bool IsFoundIn(std::string_view text) const;

 private:
  struct Free {
    void operator()(pcre2_real_code_8* code) const;
  };
  explicit Regex(pcre2_real_code_8* code) : code_(code) {}

  std::unique_ptr<pcre2_real_code_8, Free> code_;
};

}  // namespace lb::checks

#endif  // LB_CONTROLPLANE_CHECKS_REGEX_H_
