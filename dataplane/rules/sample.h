// Sample: what a fetch or a converter gives: nothing, a boolean, an integer, an address or bytes.
//
// A small value. Its text is borrowed: from the message head, from the exchange's Arena, from a
// compiled program or from a variable, all of which outlive the evaluation that made the sample.
// Source: HAProxy configuration manual, section 7.1 (types and their conversions).
#ifndef LB_DATAPLANE_RULES_SAMPLE_H_
#define LB_DATAPLANE_RULES_SAMPLE_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/address.h"
#include "dataplane/http/arena.h"

namespace lb::rules {

// An IPv4 or IPv6 address without a port, compact enough to be copied freely.
struct IpAddress {
  uint8_t family = 0;      // 4, 6, or 0 for none
  uint8_t bytes[16] = {};  // network order; IPv4 uses the first four

  // Family 0 for unix sockets and unset addresses.
  static IpAddress Of(const Address& address);
  // "1.2.3.4" or "::1", nothing around it.
  static std::optional<IpAddress> Parse(std::string_view text);
  // Writes at most 45 bytes at `to` and returns how many.
  size_t Write(char* to) const;

  friend bool operator==(const IpAddress& a, const IpAddress& b);
};

class Sample {
 public:
  enum class Type : uint8_t { kNone, kBool, kInt, kAddress, kString, kBinary };

  Sample() = default;
  static Sample Bool(bool value);
  static Sample Int(int64_t value);
  static Sample Ip(const IpAddress& value);
  static Sample Text(std::string_view value);
  static Sample Bytes(std::string_view value);

  Type type() const { return type_; }
  bool has_value() const { return type_ != Type::kNone; }
  bool is_text() const { return type_ == Type::kString || type_ == Type::kBinary; }

  // Only for the type each names.
  bool boolean() const { return number_ != 0; }
  int64_t integer() const { return number_; }
  const IpAddress& ip() const { return ip_; }
  std::string_view text() const { return text_; }

  // Conversions that the language makes by itself; nullopt when there is none. Texts that have to
  // be written are put into `arena`.
  std::optional<bool> ToBool() const;
  std::optional<int64_t> ToInt() const;
  std::optional<IpAddress> ToIp() const;
  std::optional<std::string_view> ToText(http::Arena& arena) const;
  // As ToText(), but integers (8 bytes) and addresses (4 or 16) are in network order.
  std::optional<std::string_view> ToBytes(http::Arena& arena) const;

 private:
  Type type_ = Type::kNone;
  IpAddress ip_;
  int64_t number_ = 0;
  std::string_view text_;
};

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_SAMPLE_H_
