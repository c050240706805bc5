// Lexer: one configuration line into words, with quoting, escapes, comments and environment
// variables resolved. Pure: variables come through a callback.
// Source: HAProxy configuration manual, sections 2.2 "Quoting and escaping" and 2.3
// "Environment variables"; what the manual leaves open was measured on HAProxy 2.6.
#ifndef LB_CONTROLPLANE_CONFIG_LEXER_H_
#define LB_CONTROLPLANE_CONFIG_LEXER_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lb::config {

// One word after unquoting, and where it stood. Columns count bytes from 1.
struct Word {
  std::string text;
  int column = 1;
  int length = 1;
  // The first variable in the word that was not set and had no default; empty when none.
  std::string unset_variable;

  friend bool operator==(const Word& word, std::string_view text) { return word.text == text; }
};

struct LexError {
  int column = 1;
  int length = 1;
  std::string message;
};

struct LexedLine {
  std::vector<Word> words;
  std::optional<LexError> error;  // `words` holds what came before it
};

// The value of a variable; nullopt when it is not set. Names that begin with a dot are
// pseudo-variables (".FILE", ".LINE", ".SECTION").
using VariableLookup = std::function<std::optional<std::string>(std::string_view name)>;

// Splits `line` (without its line feed). Errors: an unmatched quote or brace, a malformed "\x"
// escape, a bad variable name, a NUL byte. Any other "\c" keeps its backslash, as in HAProxy.
LexedLine LexLine(std::string_view line, const VariableLookup& lookup);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_LEXER_H_
