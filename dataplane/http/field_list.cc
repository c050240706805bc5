#include "dataplane/http/field_list.h"

#include "dataplane/http/validation.h"

namespace lb::http {

namespace {

// The position of the comma that ends the first member; the size when none does.
size_t MemberEnd(std::string_view list) {
  bool quoted = false;
  for (size_t i = 0; i < list.size(); ++i) {
    char c = list[i];
    if (c == '"') {
      quoted = !quoted;
    } else if (quoted && c == '\\') {
      ++i;
    } else if (!quoted && c == ',') {
      return i;
    }
  }
  return list.size();
}

}  // namespace

void ListMembers::Iterator::Advance() {
  while (!rest_.empty()) {
    size_t end = MemberEnd(rest_);
    member_ = TrimBlanks(rest_.substr(0, end));
    rest_.remove_prefix(end == rest_.size() ? end : end + 1);
    if (!member_.empty()) return;
  }
  at_end_ = true;
}

bool ListHasToken(std::string_view list, std::string_view token) {
  for (std::string_view member : ListMembers(list)) {
    if (EqualsIgnoreCase(member, token)) return true;
  }
  return false;
}

bool AnyListHasToken(const HeaderList& headers, HeaderId id, std::string_view token) {
  for (const Header& field : headers) {
    if (field.id == id && ListHasToken(field.value, token)) return true;
  }
  return false;
}

}  // namespace lb::http
