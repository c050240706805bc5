// CaseMap: header field names in the letter case that some peers insist on. HTTP/1.x heads are
// written with it when a section asks for that; names in HTTP/2 are always lower case.
// Immutable; any thread. Source: HAProxy configuration manual, "h1-case-adjust".
#ifndef LB_DATAPLANE_HTTP_CASE_MAP_H_
#define LB_DATAPLANE_HTTP_CASE_MAP_H_

#include <string>
#include <string_view>
#include <vector>

namespace lb::http {

class CaseMap {
 public:
  CaseMap() = default;
  // Of names that differ in more than their case.
  explicit CaseMap(std::vector<std::string> names);

  bool empty() const { return names_.empty(); }
  // `name` as the map has it, which lasts as long as the map; `name` itself when it has none.
  std::string_view Adjust(std::string_view name) const;

 private:
  std::vector<std::string> names_;  // sorted by length, then by lower-case letters
};

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_CASE_MAP_H_
