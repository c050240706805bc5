// Splitting of header field values: comma-separated lists and cookies.
// Pure. Source: RFC 9110 section 5.6.1 (lists), RFC 6265 section 4.2 (cookies).
#ifndef LB_DATAPLANE_RULES_HEADER_VALUES_H_
#define LB_DATAPLANE_RULES_HEADER_VALUES_H_

#include <cstddef>
#include <optional>
#include <string_view>

namespace lb::rules {

// `text` without blanks and tabs around it.
std::string_view TrimBlanks(std::string_view text);

// The element that starts at `offset` of a comma-separated list, without blanks around it. A comma
// within double quotes does not separate. Sets `offset` to the start of the next element, or to
// npos after the last one. An empty list has one empty element.
std::string_view NextListElement(std::string_view list, size_t* offset);

struct Cookie {
  std::string_view name;
  std::string_view value;  // quotes are part of it
};

// The cookie that starts at `offset` of a Cookie field's value; cookies end at ';' or ','. Sets
// `offset` past it. nullopt when there is none left; a part without '=' is passed over.
std::optional<Cookie> NextCookie(std::string_view value, size_t* offset);

// The cookie of a Set-Cookie field's value.
std::optional<Cookie> ParseSetCookie(std::string_view value);

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_HEADER_VALUES_H_
