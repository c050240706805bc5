// Handlers that only store one value: what most rows of the tables need.
#ifndef LB_CONTROLPLANE_CONFIG_KEYWORDS_SETTERS_H_
#define LB_CONTROLPLANE_CONFIG_KEYWORDS_SETTERS_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"

#include "controlplane/config/scope.h"

namespace lb::config {

// Whether `name` can be a header field's: a token of RFC 9110, section 5.6.2.
inline bool IsFieldName(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           kMarks.find(c) != std::string_view::npos;
  });
}

// "option x" sets, "no option x" and "default option x" clear.
template <bool Proxy::*kField>
void SetFlag(const Statement& statement, Scope& scope) {
  scope.proxy().*kField = statement.prefix == Prefix::kNone;
}

template <Millis Proxy::*kField>
void SetDuration(const Statement& statement, Scope& scope) {
  if (auto value = scope.Duration(statement, 0)) scope.proxy().*kField = *value;
}

template <uint32_t Proxy::*kField, uint32_t kLeast = 0, uint32_t kMost = UINT32_MAX>
void SetNumber(const Statement& statement, Scope& scope) {
  if (auto value = scope.Number(statement, 0, kLeast, kMost)) scope.proxy().*kField = *value;
}

template <std::string Proxy::*kField>
void SetText(const Statement& statement, Scope& scope) {
  scope.proxy().*kField = statement.args[0].text;
}

template <bool ServerSettings::*kField, bool kValue = true>
void SetServerFlag(LineScope& line) {
  line.server().*kField = kValue;
}

template <Millis ServerSettings::*kField>
void SetServerDuration(LineScope& line) {
  if (auto value = line.Duration(0)) line.server().*kField = *value;
}

template <uint32_t ServerSettings::*kField, uint32_t kLeast = 0, uint32_t kMost = UINT32_MAX>
void SetServerNumber(LineScope& line) {
  if (auto value = line.Number(0, kLeast, kMost)) line.server().*kField = *value;
}

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_KEYWORDS_SETTERS_H_
