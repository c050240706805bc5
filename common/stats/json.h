// The pieces of JSON that HAProxy's `show stat json` and `show info json` share.
#ifndef LB_COMMON_STATS_JSON_H_
#define LB_COMMON_STATS_JSON_H_

#include <string>
#include <string_view>

namespace lb::stats {

struct JsonField {
  int position = 0;
  std::string_view name;
  std::string_view tags;  // three letters: origin, nature, scope
  std::string_view type;
};

// Appends `text` in quotes, escaped. Bytes that are not UTF-8 become U+FFFD.
void AppendJsonString(std::string_view text, std::string* out);

// Appends the members of one item up to its value: "field":{...},...,"value":{"type":..,"value":
// The caller appends the value and two closing braces.
void AppendJsonField(const JsonField& field, std::string* out);

}  // namespace lb::stats

#endif  // LB_COMMON_STATS_JSON_H_
