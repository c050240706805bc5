#include "dataplane/rules/header_values.h"

namespace lb::rules {
namespace {

// The first of `delimiters` outside double quotes, from `from` on; the size when there is none.
size_t FindUnquoted(std::string_view text, size_t from, std::string_view delimiters) {
  bool is_quoted = false;
  for (size_t i = from; i < text.size(); ++i) {
    char c = text[i];
    if (is_quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      is_quoted = !is_quoted;
    } else if (!is_quoted && delimiters.find(c) != std::string_view::npos) {
      return i;
    }
  }
  return text.size();
}

}  // namespace

std::string_view TrimBlanks(std::string_view text) {
  size_t start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return text.substr(0, 0);
  return text.substr(start, text.find_last_not_of(" \t") - start + 1);
}

std::string_view NextListElement(std::string_view list, size_t* offset) {
  size_t end = FindUnquoted(list, *offset, ",");
  std::string_view element = TrimBlanks(list.substr(*offset, end - *offset));
  *offset = end == list.size() ? std::string_view::npos : end + 1;
  return element;
}

std::optional<Cookie> NextCookie(std::string_view value, size_t* offset) {
  while (*offset < value.size()) {
    size_t end = FindUnquoted(value, *offset, ";,");
    std::string_view part = value.substr(*offset, end - *offset);
    *offset = end + 1;
    size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    return Cookie{TrimBlanks(part.substr(0, equals)), TrimBlanks(part.substr(equals + 1))};
  }
  return std::nullopt;
}

std::optional<Cookie> ParseSetCookie(std::string_view value) {
  size_t offset = 0;
  std::string_view part = value.substr(0, FindUnquoted(value, 0, ";,"));
  return NextCookie(part, &offset);
}

}  // namespace lb::rules
