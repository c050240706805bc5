#include "dataplane/rules/program_args.h"

namespace lb::rules {

VariableSet* VariablesOf(const TxnContext& context, VariableScope scope) {
  switch (scope) {
    case VariableScope::kProc:
      return context.proc_vars;
    case VariableScope::kSess:
      return context.sess_vars;
    case VariableScope::kTxn:
      return context.txn_vars;
    case VariableScope::kReq:
      return context.req_vars;
    case VariableScope::kRes:
      return context.res_vars;
  }
  return nullptr;
}

}  // namespace lb::rules
