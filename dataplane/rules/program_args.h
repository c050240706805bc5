// ProgramArgs: the arguments of one compiled fetch or converter, prepared for fast evaluation.
#ifndef LB_DATAPLANE_RULES_PROGRAM_ARGS_H_
#define LB_DATAPLANE_RULES_PROGRAM_ARGS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "dataplane/rules/context.h"
#include "dataplane/rules/regex.h"

namespace lb::rules {

enum class VariableScope : uint8_t { kProc, kSess, kTxn, kReq, kRes };

struct VariableRef {
  VariableScope scope = VariableScope::kTxn;
  VariableKey key{""};
};

// Null when the scope does not exist where the program runs.
VariableSet* VariablesOf(const TxnContext& context, VariableScope scope);

struct ProgramArgs {
  static constexpr size_t kMax = 3;

  size_t count = 0;                       // arguments given
  std::array<std::string, kMax> text;     // as given
  std::array<int64_t, kMax> number = {};  // of integer arguments; masks: prefix length
  std::array<uint64_t, kMax> id = {};     // of backend and server arguments
  std::array<std::optional<VariableRef>, kMax> variable;
  std::optional<Regex> regex;

  bool has(size_t i) const { return i < count && !text[i].empty(); }
};

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_PROGRAM_ARGS_H_
