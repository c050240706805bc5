#include "controlplane/config/compile.h"

#include <utility>

#include "controlplane/config/analyzer.h"
#include "controlplane/config/emitter.h"
#include "controlplane/config/parser.h"
#include "controlplane/config/validator.h"

namespace lb::config {

std::optional<Compiled> Compile(const std::vector<SourceFile>& files, const Environment& env,
                                Diagnostics* diagnostics) {
  // Every stage runs whatever the one before found, so that one run reports as much as possible.
  const Ast ast = Parse(files, env, diagnostics);
  Model model = Analyze(ast, env, diagnostics);
  Validate(&model, diagnostics);
  v1::Snapshot snapshot = Emit(model, diagnostics);
  if (diagnostics->has_errors()) return std::nullopt;
  return Compiled{std::move(snapshot), std::move(model.control)};
}

}  // namespace lb::config
