#include "dataplane/rules/tcp_rules.h"

namespace lb::rules {

TcpVerdict TcpRules::Apply(TxnContext& context) const {
  for (const TcpRule& rule : rules_) {
    const Truth truth = context.awaits_content          ? rule.condition.Decide(context)
                        : rule.condition.Holds(context) ? Truth::kYes
                                                        : Truth::kNo;
    if (truth == Truth::kUndecided) return TcpVerdict::kUndecided;
    if (truth == Truth::kNo) continue;
    switch (rule.kind) {
      case TcpRule::Kind::kAccept:
        return TcpVerdict::kAccept;
      case TcpRule::Kind::kReject:
        return TcpVerdict::kReject;
      case TcpRule::Kind::kSetVar:
        rule.set_var.Apply(context);
        break;
      case TcpRule::Kind::kExpectProxy:
        context.expects_proxy_header = true;
        break;
    }
  }
  return TcpVerdict::kAccept;
}

}  // namespace lb::rules
