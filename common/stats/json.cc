#include "common/stats/json.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace lb::stats {
namespace {

// The bytes of the valid UTF-8 sequence at the start of `text`; 0 when there is none.
size_t SequenceLength(std::string_view text) {
  const auto byte = [&text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and beyond U+10FFFF.
  if (first == 0xe0 && byte(1) < 0xa0) return 0;
  if (first == 0xed && byte(1) > 0x9f) return 0;
  if (first == 0xf0 && byte(1) < 0x90) return 0;
  if (first == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

std::string_view OriginName(char tag) {
  switch (tag) {
    case 'M':
      return "Metric";
    case 'S':
      return "Status";
    case 'K':
      return "Key";
    case 'C':
      return "Config";
    case 'P':
      return "Product";
    default:
      return "Unknown";
  }
}

std::string_view NatureName(char tag) {
  switch (tag) {
    case 'G':
      return "Gauge";
    case 'L':
      return "Limit";
    case 'M':
      return "Max";
    case 'R':
      return "Rate";
    case 'C':
      return "Counter";
    case 'D':
      return "Duration";
    case 'A':
      return "Age";
    case 'a':
      return "Avg";
    case 'N':
      return "Name";
    case 'O':
      return "Output";
    default:
      return "Unknown";
  }
}

std::string_view ScopeName(char tag) { return tag == 'P' ? "Process" : "Service"; }

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  *out += '"';
  while (!text.empty()) {
    const char c = text.front();
    const size_t length = SequenceLength(text);
    if (length == 0) {
      *out += "\xef\xbf\xbd";
    } else if (length > 1) {
      out->append(text.substr(0, length));
    } else if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(out, "\\u%04x", static_cast<unsigned>(c));
    } else {
      *out += c;
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  *out += '"';
}

void AppendJsonField(const JsonField& field, std::string* out) {
  const std::string_view tags = field.tags.size() == 3 ? field.tags : "???";
  absl::StrAppend(out, "\"field\":{\"pos\":", field.position, ",\"name\":\"",
                  std::string(field.name), "\"},\"processNum\":1,\"tags\":{\"origin\":\"",
                  std::string(OriginName(tags[0])), "\",\"nature\":\"",
                  std::string(NatureName(tags[1])), "\",\"scope\":\"",
                  std::string(ScopeName(tags[2])), "\"},\"value\":{\"type\":\"");
  absl::StrAppend(out, std::string(field.type), "\",\"value\":");
}

}  // namespace lb::stats
