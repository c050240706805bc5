// The lexer: words lie inside the line, in order, and a quoted copy of each is read back as itself.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "controlplane/config/condition.h"
#include "controlplane/config/lexer.h"

namespace lb::config {
namespace {

std::optional<std::string> Lookup(std::string_view name) {
  if (name == "SET") return "a value";
  return std::nullopt;
}

// `text` in single quotes, with the quotes in it in double ones.
std::string Quote(std::string_view text) {
  std::string quoted = "'";
  for (char c : text) {
    if (c == '\'') {
      quoted += "'\"'\"'";
    } else {
      quoted.push_back(c);
    }
  }
  return quoted + "'";
}

void CheckLine(std::string_view line) {
  const LexedLine lexed = LexLine(line, Lookup);
  int column = 1;
  std::string again;
  for (const Word& word : lexed.words) {
    LB_CHECK(word.column >= column);
    LB_CHECK(word.length >= 0);
    LB_CHECK(static_cast<size_t>(word.column - 1 + word.length) <= line.size());
    column = word.column;
    again += Quote(word.text) + " ";
  }
  if (lexed.error) {
    LB_CHECK(lexed.error->column >= 1);
    LB_CHECK(static_cast<size_t>(lexed.error->column) <= line.size() + 1);
    return;
  }
  const LexedLine copy = LexLine(again, Lookup);
  LB_CHECK(!copy.error);
  LB_CHECK(copy.words.size() == lexed.words.size());
  for (size_t i = 0; i < copy.words.size(); ++i)
    LB_CHECK(copy.words[i].text == lexed.words[i].text);
}

}  // namespace
}  // namespace lb::config

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  lb::config::CheckLine(input.substr(0, input.find('\n')));
  lb::config::EvaluateCondition(input, lb::config::Lookup).status().IgnoreError();
  return 0;
}
