// Acl: named or anonymous test: an expression whose values are compared with patterns.
//
// Exact strings are looked up in a hash set, numbers and networks in order, regular expressions one
// by one. Immutable once compiled; shared by all workers.
// Source: HAProxy configuration manual, section 7.1.
#ifndef LB_DATAPLANE_RULES_ACL_H_
#define LB_DATAPLANE_RULES_ACL_H_

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"

#include "common/catalog/catalog.h"
#include "dataplane/rules/expr.h"
#include "dataplane/rules/regex.h"

namespace lb::rules {

// The patterns of one "acl" line, and the way they are matched.
class PatternSet {
 public:
  // Errors name the pattern and what was expected.
  static absl::StatusOr<PatternSet> Compile(catalog::Match match, bool ignore_case,
                                            const std::vector<std::string>& patterns);

  // Whether any pattern matches. Casts the sample as the method needs it; a sample that cannot be
  // cast does not match. Numbers compare as HAProxy's: ranges are inclusive.
  bool Matches(const Sample& sample, http::Arena& arena) const;

 private:
  struct Range {
    int64_t low = std::numeric_limits<int64_t>::min();
    int64_t high = std::numeric_limits<int64_t>::max();
  };
  struct Network {
    IpAddress address;
    uint8_t bits = 0;
  };

  static absl::StatusOr<Range> ParseRange(std::string_view text);
  static absl::StatusOr<Network> ParseNetwork(std::string_view text);

  absl::Status Add(const std::string& pattern);
  bool MatchesText(std::string_view text) const;
  bool MatchesNumber(int64_t number) const;
  bool MatchesIp(const IpAddress& ip) const;

  catalog::Match match_ = catalog::Match::kBool;
  bool ignore_case_ = false;
  absl::flat_hash_set<std::string> exact_;  // bytes, with kBinary
  std::vector<std::string> texts_;          // lower case when `ignore_case_`
  std::vector<Range> ranges_;
  std::vector<Network> networks_;
  std::vector<Regex> regexes_;
};

// What rules on content come to while more may come.
enum class Truth : uint8_t { kNo, kUndecided, kYes };

struct AclTest {
  Expr expr;
  PatternSet patterns;
  bool needs_request = false;  // the expression looks at an HTTP request

  // Tries every value of the expression.
  bool Holds(TxnContext& context) const;
  // The same with `context.awaits_content`: no is not said while bytes to come may change it.
  Truth Decide(TxnContext& context) const;
};

struct Acl {
  std::string name;            // empty: anonymous
  std::vector<AclTest> tests;  // any of them

  bool Holds(TxnContext& context) const;
  Truth Decide(TxnContext& context) const;
};

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_ACL_H_
