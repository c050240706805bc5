// Arguments of fetches and converters: text -> ProgramArgs. Private to the compiler, and free of
// protobuf.
#ifndef LB_DATAPLANE_RULES_COMPILE_ARGS_H_
#define LB_DATAPLANE_RULES_COMPILE_ARGS_H_

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "common/catalog/catalog.h"
#include "dataplane/rules/program_args.h"

namespace lb::rules {

using GetEnv = std::function<std::optional<std::string>(std::string_view)>;

// "txn.name" -> scope and key.
absl::StatusOr<VariableRef> ParseVariable(std::string_view text);

// Errors name the argument and what was expected: "add(): argument 'value': 'x' is no integer".
absl::StatusOr<ProgramArgs> CompileFetchArgs(const catalog::Fetch& fetch,
                                             const std::vector<std::string>& args,
                                             const GetEnv& getenv);
absl::StatusOr<ProgramArgs> CompileConverterArgs(const catalog::Converter& converter,
                                                 const std::vector<std::string>& args);

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_COMPILE_ARGS_H_
