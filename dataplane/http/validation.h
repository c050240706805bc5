// Character classes of HTTP, and whether a name, a value or a target may stand in a message.
// Everything that puts text into a head (rules too) asks here, so that no text can end a line or
// begin another. Pure; thread-safe.
// Source: RFC 9110 sections 5.1, 5.5, 5.6.2; RFC 9112 section 3.2; RFC 3986.
#ifndef LB_DATAPLANE_HTTP_VALIDATION_H_
#define LB_DATAPLANE_HTTP_VALIDATION_H_

#include <array>
#include <cstdint>
#include <string_view>

namespace lb::http {

namespace chars {

inline constexpr uint8_t kToken = 1;   // tchar: names and methods
inline constexpr uint8_t kValue = 2;   // field-vchar, SP, HTAB, obs-text
inline constexpr uint8_t kTarget = 4;  // visible ASCII
inline constexpr uint8_t kDigit = 8;
inline constexpr uint8_t kHex = 16;
inline constexpr uint8_t kHost = 32;  // unreserved, sub-delims, "%", ":", "[", "]"

constexpr uint8_t ClassesOf(int c) {
  bool digit = c >= '0' && c <= '9';
  int lower = c | 0x20;
  bool alpha = c < 0x80 && lower >= 'a' && lower <= 'z';
  uint8_t classes = 0;
  if (digit || alpha ||
      (c != 0 && c < 0x80 &&
       std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos)) {
    classes |= kToken;
  }
  if (c == '\t' || (c >= 0x20 && c != 0x7f)) classes |= kValue;
  if (c > 0x20 && c < 0x7f) classes |= kTarget;
  if (digit) classes |= kDigit;
  if (digit || (alpha && lower <= 'f')) classes |= kHex;
  if (digit || alpha ||
      (c != 0 && c < 0x80 &&
       std::string_view("-._~!$&'()*+,;=%:[]").find(static_cast<char>(c)) !=
           std::string_view::npos)) {
    classes |= kHost;
  }
  return classes;
}

inline constexpr auto kTable = [] {
  std::array<uint8_t, 256> table{};
  for (int c = 0; c < 256; ++c) table[c] = ClassesOf(c);
  return table;
}();

inline bool Is(char c, uint8_t classes) {
  return (kTable[static_cast<unsigned char>(c)] & classes) != 0;
}

}  // namespace chars

// Return the first position in [at, end) whose byte is not of the class; `end` when all are.
const char* SkipToken(const char* at, const char* end);
const char* SkipValue(const char* at, const char* end);
const char* SkipTarget(const char* at, const char* end);

// A token: not empty, token characters only. Methods and field names are tokens.
bool IsToken(std::string_view text);
inline bool IsHeaderName(std::string_view name) { return IsToken(name); }

// May be empty. No NUL, CR, LF or other control character but HTAB.
bool IsHeaderValue(std::string_view value);

// Not empty, visible ASCII only.
bool IsTarget(std::string_view target);

// Without SP and HTAB at both ends (OWS).
std::string_view TrimBlanks(std::string_view text);

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_VALIDATION_H_
