// The syntax tree: sections and the statements in them, in file order. Made by the parser, read by
// the analyzer. A statement is already matched with its keyword row; its arguments are still text.
#ifndef LB_CONTROLPLANE_CONFIG_AST_H_
#define LB_CONTROLPLANE_CONFIG_AST_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/diagnostics.h"
#include "controlplane/config/keyword.h"
#include "controlplane/config/lexer.h"

namespace lb::config {

// A line as written, shared by everything that points into it.
struct SourceLine {
  std::string file;
  int number = 0;
  std::string text;
};

// The place of `word`, for messages.
SourcePlace PlaceOf(const SourceLine& line, const Word& word);

// "no option x" and "default option x".
enum class Prefix { kNone, kNo, kDefault };

struct Statement {
  std::shared_ptr<const SourceLine> line;
  const Keyword* keyword = nullptr;  // never null
  Prefix prefix = Prefix::kNone;
  Word name;               // the words of the keyword, as one
  std::vector<Word> args;  // what follows the keyword

  // The place of argument `i`; of the end of the line when there is no such argument.
  SourcePlace Place(size_t i) const;
  SourcePlace NamePlace() const { return PlaceOf(*line, name); }
};

struct Section {
  SectionKind kind = SectionKind::kGlobal;
  std::string name;  // empty: global, or anonymous defaults
  std::string from;  // "from NAME": the defaults section to inherit; empty: the latest
  SourcePlace place;
  SourcePlace from_place;
  std::vector<Statement> statements;
};

struct Ast {
  std::vector<Section> sections;
  // The environment as the files leave it, with what "setenv" and its like set in them.
  VariableLookup getenv;
};

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_AST_H_
