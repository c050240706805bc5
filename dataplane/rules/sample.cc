#include "dataplane/rules/sample.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>
#include <limits>

namespace lb::rules {
namespace {

std::string_view WriteInt(int64_t value, http::Arena& arena) {
  char* start = arena.Allocate(20);
  char* end = std::to_chars(start, start + 20, value).ptr;
  return {start, static_cast<size_t>(end - start)};
}

// The integer a text begins with; 0 when it begins with none. Stays at the limits on overflow.
int64_t ReadInt(std::string_view text) {
  bool is_negative = text[0] == '-';
  size_t i = is_negative || text[0] == '+' ? 1 : 0;
  int64_t value = 0;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
    int64_t digit = is_negative ? '0' - text[i] : text[i] - '0';
    if (__builtin_mul_overflow(value, int64_t{10}, &value) ||
        __builtin_add_overflow(value, digit, &value)) {
      return is_negative ? std::numeric_limits<int64_t>::min()
                         : std::numeric_limits<int64_t>::max();
    }
  }
  return value;
}

std::string_view CopyNetworkOrder(int64_t value, http::Arena& arena) {
  char* start = arena.Allocate(8);
  for (int i = 0; i < 8; ++i) start[i] = static_cast<char>(value >> (56 - 8 * i));
  return {start, 8};
}

}  // namespace

IpAddress IpAddress::Of(const Address& address) {
  IpAddress ip;
  if (address.family() == AF_INET) {
    ip.family = 4;
    std::memcpy(ip.bytes, &reinterpret_cast<const sockaddr_in*>(address.sa())->sin_addr, 4);
  } else if (address.family() == AF_INET6) {
    ip.family = 6;
    std::memcpy(ip.bytes, &reinterpret_cast<const sockaddr_in6*>(address.sa())->sin6_addr, 16);
  }
  return ip;
}

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  char copy[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof(copy)) return std::nullopt;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  IpAddress ip;
  if (inet_pton(AF_INET, copy, ip.bytes) == 1) {
    ip.family = 4;
    return ip;
  }
  if (inet_pton(AF_INET6, copy, ip.bytes) == 1) {
    ip.family = 6;
    return ip;
  }
  return std::nullopt;
}

size_t IpAddress::Write(char* to) const {
  char text[INET6_ADDRSTRLEN];
  if (family == 0 ||
      inet_ntop(family == 4 ? AF_INET : AF_INET6, bytes, text, sizeof(text)) == nullptr) {
    return 0;
  }
  size_t length = std::strlen(text);
  std::memcpy(to, text, length);
  return length;
}

bool operator==(const IpAddress& a, const IpAddress& b) {
  return a.family == b.family && std::memcmp(a.bytes, b.bytes, a.family == 4 ? 4 : 16) == 0;
}

Sample Sample::Bool(bool value) {
  Sample sample;
  sample.type_ = Type::kBool;
  sample.number_ = value ? 1 : 0;
  return sample;
}

Sample Sample::Int(int64_t value) {
  Sample sample;
  sample.type_ = Type::kInt;
  sample.number_ = value;
  return sample;
}

Sample Sample::Ip(const IpAddress& value) {
  Sample sample;
  if (value.family == 0) return sample;
  sample.type_ = Type::kAddress;
  sample.ip_ = value;
  return sample;
}

Sample Sample::Text(std::string_view value) {
  Sample sample;
  sample.type_ = Type::kString;
  sample.text_ = value;
  return sample;
}

Sample Sample::Bytes(std::string_view value) {
  Sample sample;
  sample.type_ = Type::kBinary;
  sample.text_ = value;
  return sample;
}

std::optional<bool> Sample::ToBool() const {
  std::optional<int64_t> number = ToInt();
  if (!number.has_value()) return std::nullopt;
  return *number != 0;
}

std::optional<int64_t> Sample::ToInt() const {
  switch (type_) {
    case Type::kBool:
    case Type::kInt:
      return number_;
    case Type::kAddress: {
      if (ip_.family != 4) return std::nullopt;
      uint32_t value;
      std::memcpy(&value, ip_.bytes, sizeof(value));
      return ntohl(value);
    }
    case Type::kString:
      if (text_.empty()) return std::nullopt;
      return ReadInt(text_);
    default:
      return std::nullopt;
  }
}

std::optional<IpAddress> Sample::ToIp() const {
  switch (type_) {
    case Type::kAddress:
      return ip_;
    case Type::kString:
      return IpAddress::Parse(text_);
    case Type::kInt: {
      if (number_ < 0 || number_ > std::numeric_limits<uint32_t>::max()) return std::nullopt;
      IpAddress ip;
      ip.family = 4;
      uint32_t value = htonl(static_cast<uint32_t>(number_));
      std::memcpy(ip.bytes, &value, sizeof(value));
      return ip;
    }
    case Type::kBinary: {
      if (text_.size() != 4 && text_.size() != 16) return std::nullopt;
      IpAddress ip;
      ip.family = text_.size() == 4 ? 4 : 6;
      std::memcpy(ip.bytes, text_.data(), text_.size());
      return ip;
    }
    default:
      return std::nullopt;
  }
}

std::optional<std::string_view> Sample::ToText(http::Arena& arena) const {
  switch (type_) {
    case Type::kBool:
      return number_ != 0 ? "1" : "0";
    case Type::kInt:
      return WriteInt(number_, arena);
    case Type::kAddress: {
      char* start = arena.Allocate(INET6_ADDRSTRLEN);
      return std::string_view(start, ip_.Write(start));
    }
    case Type::kString:
    case Type::kBinary:
      return text_;
    case Type::kNone:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::string_view> Sample::ToBytes(http::Arena& arena) const {
  switch (type_) {
    case Type::kBool:
    case Type::kInt:
      return CopyNetworkOrder(number_, arena);
    case Type::kAddress:
      return arena.Copy(
          {reinterpret_cast<const char*>(ip_.bytes), ip_.family == 4 ? size_t{4} : size_t{16}});
    default:
      return ToText(arena);
  }
}

}  // namespace lb::rules
