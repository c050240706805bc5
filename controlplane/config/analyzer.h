// Analyzer: syntax tree to model. Runs the handlers of the keyword rows, section by section, with
// defaults copied in. Pure but for what Environment gives.
// Source: HAProxy configuration manual, section 4 "Proxies".
#ifndef LB_CONTROLPLANE_CONFIG_ANALYZER_H_
#define LB_CONTROLPLANE_CONFIG_ANALYZER_H_

#include "common/base/diagnostics.h"
#include "controlplane/config/ast.h"
#include "controlplane/config/compile.h"
#include "controlplane/config/model.h"

namespace lb::config {

// The model may be incomplete when `diagnostics` got errors.
Model Analyze(const Ast& ast, const Environment& env, Diagnostics* diagnostics);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_ANALYZER_H_
