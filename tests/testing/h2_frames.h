// HTTP/2 frames by hand, for tests that say exactly which bytes go over the wire.
//
//   std::string bytes = Preface() + SettingsFrame() + HeadersFrame(1, GetFields(), kEndStream);
//   for (const H2Frame& frame : ParseFrames(reply)) ...
//
// Header blocks are literals without indexing: any name and value can be written.
#ifndef LB_TESTS_TESTING_H2_FRAMES_H_
#define LB_TESTS_TESTING_H2_FRAMES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/http/h2_settings.h"

namespace lb::testing {

enum H2Type : uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kRstStream = 3,
  kSettings = 4,
  kPushPromise = 5,
  kPing = 6,
  kGoaway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
};
inline constexpr uint8_t kEndStream = 1;
inline constexpr uint8_t kAck = 1;
inline constexpr uint8_t kEndHeaders = 4;
inline constexpr uint8_t kPadded = 8;
inline constexpr uint8_t kPriorityFlag = 32;

using H2Fields = std::vector<std::pair<std::string, std::string>>;

struct H2Frame {
  uint8_t type = 0;
  uint8_t flags = 0;
  int32_t stream = 0;
  std::string payload;
  // Of RST_STREAM and GOAWAY.
  http::H2Error error() const {
    const size_t at = type == kGoaway ? 4 : 0;
    uint32_t code = 0;
    for (size_t i = at; i < at + 4 && i < payload.size(); ++i) {
      code = code << 8 | static_cast<uint8_t>(payload[i]);
    }
    return static_cast<http::H2Error>(code);
  }
};

inline std::string Number(uint32_t value, int bytes = 4) {
  std::string text;
  for (int i = bytes; i-- > 0;) text += static_cast<char>(value >> (8 * i));
  return text;
}

inline std::string Frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  return Number(static_cast<uint32_t>(payload.size()), 3) + static_cast<char>(type) +
         static_cast<char>(flags) + Number(stream) + std::string(payload);
}

inline std::string HpackText(std::string_view text) {
  std::string out;
  if (text.size() < 127) {
    out += static_cast<char>(text.size());
  } else {
    out += '\x7f';
    size_t rest = text.size() - 127;
    for (; rest >= 128; rest /= 128) out += static_cast<char>(rest % 128 + 128);
    out += static_cast<char>(rest);
  }
  return out + std::string(text);
}

inline std::string Block(const H2Fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out += '\0';
    out += HpackText(name) + HpackText(value);
  }
  return out;
}

inline std::string Preface() { return std::string(http::kH2Preface); }
inline std::string SettingsFrame(const std::vector<std::pair<uint16_t, uint32_t>>& entries = {}) {
  std::string payload;
  for (const auto& [id, value] : entries) payload += Number(id, 2) + Number(value);
  return Frame(kSettings, 0, 0, payload);
}
inline std::string HeadersFrame(uint32_t stream, const H2Fields& fields, uint8_t flags = 0) {
  return Frame(kHeaders, static_cast<uint8_t>(flags | kEndHeaders), stream, Block(fields));
}
inline std::string DataFrame(uint32_t stream, std::string_view data, uint8_t flags = 0) {
  return Frame(kData, flags, stream, data);
}
inline std::string RstFrame(uint32_t stream, http::H2Error error = http::H2Error::kCancel) {
  return Frame(kRstStream, 0, stream, Number(static_cast<uint32_t>(error)));
}
inline std::string WindowFrame(uint32_t stream, uint32_t bytes) {
  return Frame(kWindowUpdate, 0, stream, Number(bytes));
}

// Request fields, with more behind them.
inline H2Fields RequestFields(std::string method, std::string path, H2Fields more = {}) {
  H2Fields fields = {{":method", std::move(method)},
                     {":scheme", "http"},
                     {":authority", "h"},
                     {":path", std::move(path)}};
  for (auto& field : more) fields.push_back(std::move(field));
  return fields;
}
inline H2Fields GetFields(H2Fields more = {}) { return RequestFields("GET", "/", std::move(more)); }

// The whole frames of `bytes`, without a preface in front of them.
inline std::vector<H2Frame> ParseFrames(std::string_view bytes) {
  std::vector<H2Frame> frames;
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])); };
  while (bytes.size() >= 9) {
    const size_t length = byte(0) << 16 | byte(1) << 8 | byte(2);
    if (bytes.size() < 9 + length) break;
    H2Frame frame;
    frame.type = static_cast<uint8_t>(byte(3));
    frame.flags = static_cast<uint8_t>(byte(4));
    frame.stream = static_cast<int32_t>(byte(5) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8));
    frame.payload = std::string(bytes.substr(9, length));
    frames.push_back(std::move(frame));
    bytes.remove_prefix(9 + length);
  }
  return frames;
}

}  // namespace lb::testing

#endif  // LB_TESTS_TESTING_H2_FRAMES_H_
