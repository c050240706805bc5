#include "dataplane/http/case_map.h"

#include <algorithm>

#include "dataplane/http/message.h"

namespace lb::http {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool IsBefore(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size();
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](char x, char y) { return Lower(x) < Lower(y); });
}

}  // namespace

CaseMap::CaseMap(std::vector<std::string> names) : names_(std::move(names)) {
  std::sort(names_.begin(), names_.end(), IsBefore);
}

std::string_view CaseMap::Adjust(std::string_view name) const {
  const auto it = std::lower_bound(names_.begin(), names_.end(), name, IsBefore);
  return it != names_.end() && EqualsIgnoreCase(*it, name) ? std::string_view(*it) : name;
}

}  // namespace lb::http
