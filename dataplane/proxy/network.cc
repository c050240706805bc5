#include "dataplane/proxy/network.h"

#include <charconv>
#include <string>

#include "absl/strings/str_cat.h"

namespace lb::proxy {

absl::StatusOr<Network> Network::Parse(std::string_view text) {
  Network network;
  const size_t slash = text.find('/');
  std::optional<rules::IpAddress> base = rules::IpAddress::Parse(text.substr(0, slash));
  if (!base.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("'", std::string(text), "' is not a network"));
  }
  network.base_ = *base;
  const unsigned longest = base->family == 4 ? 32 : 128;
  network.prefix_bits_ = longest;
  if (slash != std::string_view::npos) {
    const std::string_view bits = text.substr(slash + 1);
    auto [end, ec] = std::from_chars(bits.data(), bits.data() + bits.size(), network.prefix_bits_);
    if (ec != std::errc() || end != bits.data() + bits.size() || network.prefix_bits_ > longest) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", std::string(text), "' has no valid prefix length"));
    }
  }
  return network;
}

bool Network::Contains(const Address& address) const {
  const rules::IpAddress ip = rules::IpAddress::Of(address);
  if (ip.family != base_.family) return false;
  unsigned left = prefix_bits_;
  for (size_t i = 0; left > 0; ++i) {
    const unsigned bits = left < 8 ? left : 8;
    const auto mask = static_cast<uint8_t>(0xff << (8 - bits));
    if ((ip.bytes[i] & mask) != (base_.bytes[i] & mask)) return false;
    left -= bits;
  }
  return true;
}

}  // namespace lb::proxy
