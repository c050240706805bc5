// TcpRules: compiled "tcp-request connection|session|content" or "tcp-response content" list of one
// phase. UseBackends: a frontend's compiled "use_backend" list.
// Immutable once compiled; shared by all workers.
// Source: HAProxy configuration manual, "tcp-request connection", "use_backend".
#ifndef LB_DATAPLANE_RULES_TCP_RULES_H_
#define LB_DATAPLANE_RULES_TCP_RULES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dataplane/rules/condition.h"
#include "dataplane/rules/context.h"
#include "dataplane/rules/log_format.h"
#include "dataplane/rules/set_var.h"

namespace lb::rules {

enum class TcpVerdict : uint8_t {
  kAccept,     // also when no rule said anything
  kReject,     // close without a word
  kUndecided,  // ask again when more has come; only while `context.awaits_content`
};

struct TcpRule {
  enum class Kind : uint8_t { kAccept, kReject, kSetVar, kExpectProxy };
  Kind kind = Kind::kAccept;
  Condition condition;
  SetVar set_var;
};

class TcpRules {
 public:
  TcpRules() = default;
  explicit TcpRules(std::vector<TcpRule> rules) : rules_(std::move(rules)) {}
  bool empty() const { return rules_.empty(); }
  TcpVerdict Apply(TxnContext& context) const;

 private:
  std::vector<TcpRule> rules_;
};

class UseBackends {
 public:
  struct Rule {
    Condition condition;
    std::string name;  // used when `format` is empty
    LogFormat format;
  };

  UseBackends() = default;
  explicit UseBackends(std::vector<Rule> rules) : rules_(std::move(rules)) {}
  bool empty() const { return rules_.empty(); }

  // The name chosen by the first rule whose condition holds; "" when none does. `exists` says
  // whether a computed name is a backend: one that is not ends the search with "", and the default
  // backend serves, as in HAProxy.
  template <typename Exists>
  std::string_view Choose(TxnContext& context, Exists exists) const {
    for (const Rule& rule : rules_) {
      if (!rule.condition.Holds(context)) continue;
      if (rule.format.empty()) return rule.name;
      std::string_view name = rule.format.Render(context);
      return exists(name) ? name : std::string_view();
    }
    return {};
  }

 private:
  std::vector<Rule> rules_;
};

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_TCP_RULES_H_
