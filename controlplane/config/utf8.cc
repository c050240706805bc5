#include "controlplane/config/utf8.h"

#include <cstddef>
#include <cstdint>

namespace lb::config {
namespace {

// The length of the well-formed sequence at the front of `bytes`; 0 when there is none.
size_t SequenceLength(std::string_view bytes) {
  const auto at = [&bytes](size_t i) -> uint8_t {
    return i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : 0;
  };
  const uint8_t lead = at(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  // Overlong forms, surrogates and what is past U+10FFFF show in the second byte.
  const uint8_t least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const uint8_t most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (at(1) < least || at(1) > most) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (at(i) < 0x80 || at(i) > 0xbf) return 0;
  }
  return length;
}

}  // namespace

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t length = SequenceLength(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string ReplaceNonUtf8(std::string bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const size_t length = SequenceLength(std::string_view(bytes).substr(at));
    if (length == 0) bytes[at] = '?';
    at += length == 0 ? 1 : length;
  }
  return bytes;
}

}  // namespace lb::config
