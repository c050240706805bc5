// Parser: source files to a syntax tree. Runs the lexer and the preprocessor (".if", ".notice",
// setenv), finds sections and matches each statement with its keyword row.
// Recovers at the end of a line, so that one run finds every error. Pure.
// Source: HAProxy configuration manual, sections 2.2 to 2.4 and 4.
#ifndef LB_CONTROLPLANE_CONFIG_PARSER_H_
#define LB_CONTROLPLANE_CONFIG_PARSER_H_

#include <vector>

#include "common/base/diagnostics.h"
#include "controlplane/config/ast.h"
#include "controlplane/config/compile.h"

namespace lb::config {

// Statements with errors are left out of the tree; `diagnostics` has what is wrong with them.
Ast Parse(const std::vector<SourceFile>& files, const Environment& env, Diagnostics* diagnostics);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_PARSER_H_
