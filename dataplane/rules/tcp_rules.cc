#include "dataplane/rules/tcp_rules.h"

namespace lb::rules {

TcpVerdict TcpRules::Apply(TxnContext& context) const {
  for (const TcpRule& rule : rules_) {
    if (!rule.condition.Holds(context)) continue;
    switch (rule.kind) {
      case TcpRule::Kind::kAccept:
        return TcpVerdict::kAccept;
      case TcpRule::Kind::kReject:
        return TcpVerdict::kReject;
      case TcpRule::Kind::kSetVar:
        rule.set_var.Apply(context);
        break;
    }
  }
  return TcpVerdict::kAccept;
}

}  // namespace lb::rules
