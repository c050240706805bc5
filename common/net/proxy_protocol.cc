#include "common/net/proxy_protocol.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace lb::net {
namespace {

using Outcome = ProxyParse::Outcome;

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::string_view kLineStart = "PROXY ";
constexpr size_t kFixedBytes = 16;  // signature, version and command, family, length

constexpr uint8_t kVersion2 = 0x20;
constexpr uint8_t kCommandLocal = 0x0;
constexpr uint8_t kCommandProxy = 0x1;
constexpr uint8_t kTcp4 = 0x11;
constexpr uint8_t kTcp6 = 0x21;

constexpr uint8_t kTlvAlpn = 0x01;
constexpr uint8_t kTlvAuthority = 0x02;
constexpr uint8_t kTlvCrc32c = 0x03;
constexpr uint8_t kTlvUniqueId = 0x05;
constexpr uint8_t kTlvSsl = 0x20;
constexpr uint8_t kTlvSslVersion = 0x21;
constexpr uint8_t kTlvSslCommonName = 0x22;
constexpr uint8_t kTlvSslCipher = 0x23;
constexpr uint8_t kTlvSslSignature = 0x24;
constexpr uint8_t kTlvSslKey = 0x25;
constexpr uint8_t kTlvNamespace = 0x30;
constexpr size_t kTlvHeadBytes = 3;

constexpr uint8_t kClientSsl = 0x01;
constexpr uint8_t kClientCertConnection = 0x02;
constexpr uint8_t kClientCertSession = 0x04;

ProxyParse More(size_t bytes) { return {Outcome::kMore, ProxyHeaderError::kNone, bytes}; }
ProxyParse Done(size_t bytes) { return {Outcome::kDone, ProxyHeaderError::kNone, bytes}; }
ProxyParse Failed(ProxyHeaderError error) { return {Outcome::kError, error, 0}; }

uint8_t ByteAt(std::string_view bytes, size_t i) { return static_cast<uint8_t>(bytes[i]); }

size_t Read16(std::string_view bytes, size_t at) {
  return static_cast<size_t>(ByteAt(bytes, at) << 8 | ByteAt(bytes, at + 1));
}

uint32_t Read32(std::string_view bytes, size_t at) {
  return static_cast<uint32_t>(Read16(bytes, at) << 16 | Read16(bytes, at + 2));
}

void Append16(std::string* out, size_t value) {
  out->push_back(static_cast<char>(value >> 8));
  out->push_back(static_cast<char>(value));
}

void Append32(std::string* out, uint32_t value) {
  Append16(out, value >> 16);
  Append16(out, value & 0xffff);
}

// An address of `family` from its bytes in network order.
Address AddressOf(int family, const char* ip, const char* port) {
  if (family == AF_INET) {
    sockaddr_in in4{};
    in4.sin_family = AF_INET;
    std::memcpy(&in4.sin_addr, ip, 4);
    std::memcpy(&in4.sin_port, port, 2);
    return Address::FromSockaddr(reinterpret_cast<const sockaddr*>(&in4), sizeof(in4));
  }
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  std::memcpy(&in6.sin6_addr, ip, 16);
  std::memcpy(&in6.sin6_port, port, 2);
  return Address::FromSockaddr(reinterpret_cast<const sockaddr*>(&in6), sizeof(in6));
}

// A field of 108 bytes: a path that a zero ends, or a name after a zero (Linux' abstract ones).
Address UnixAddressOf(std::string_view field) {
  std::string name(field.substr(0, field.find_last_not_of('\0') + 1));
  if (!name.empty() && name.front() == '\0') {
    name.front() = '@';
  } else {
    name.resize(std::min(name.size(), name.find('\0')));
  }
  absl::StatusOr<Address> address = Address::FromUnixPath(name);
  if (address.ok()) return *std::move(address);
  const sockaddr nameless{AF_UNIX, {}};
  return Address::FromSockaddr(&nameless, sizeof(nameless.sa_family));
}

// Takes what stands before the next blank off `text`.
std::string_view TakeWord(std::string_view* text) {
  const size_t end = std::min(text->find(' '), text->size());
  const std::string_view word = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return word;
}

bool ReadEnd(std::string_view ip, std::string_view port, int family, Address* address) {
  uint16_t number = 0;
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size()) return false;
  // What else Address understands ("*", brackets, nothing) is none of the protocol's.
  constexpr std::string_view kDigits = "0123456789abcdefABCDEF:.";
  if (ip.empty() || ip.find_first_not_of(kDigits) != ip.npos) return false;
  absl::StatusOr<Address> parsed = Address::FromIp(ip, number);
  if (!parsed.ok() || parsed->family() != family) return false;
  *address = *std::move(parsed);
  return true;
}

ProxyParse ParseLine(std::string_view bytes, ProxyHeader* header) {
  const size_t end = bytes.substr(0, kMaxProxyLineBytes).find('\n');
  if (end == bytes.npos) {
    if (bytes.size() >= kMaxProxyLineBytes) return Failed(ProxyHeaderError::kBadHeader);
    return More(bytes.size() + 1);
  }
  std::string_view line = bytes.substr(0, end);
  if (!line.ends_with('\r')) return Failed(ProxyHeaderError::kBadHeader);
  line.remove_suffix(1);
  line.remove_prefix(kLineStart.size());
  header->version = 1;
  const std::string_view protocol = TakeWord(&line);
  if (protocol == "UNKNOWN") return Done(end + 1);
  if (protocol != "TCP4" && protocol != "TCP6") return Failed(ProxyHeaderError::kBadProtocol);
  const int family = protocol == "TCP4" ? AF_INET : AF_INET6;
  const std::string_view source = TakeWord(&line);
  const std::string_view destination = TakeWord(&line);
  const std::string_view source_port = TakeWord(&line);
  if (!ReadEnd(source, source_port, family, &header->source) ||
      !ReadEnd(destination, line, family, &header->destination)) {
    return Failed(ProxyHeaderError::kBadHeader);
  }
  header->is_local = false;
  return Done(end + 1);
}

// Calls `take(type, value)` for each TLV of `bytes`; false: one is cut off, or was refused.
template <typename Take>
bool ForEachTlv(std::string_view bytes, Take take) {
  while (!bytes.empty()) {
    if (bytes.size() < kTlvHeadBytes) return false;
    const size_t length = Read16(bytes, 1);
    if (bytes.size() < kTlvHeadBytes + length) return false;
    if (!take(ByteAt(bytes, 0), bytes.substr(kTlvHeadBytes, length))) return false;
    bytes.remove_prefix(kTlvHeadBytes + length);
  }
  return true;
}

bool ReadTls(std::string_view value, ProxyTls* tls) {
  if (value.size() < 5) return false;
  const uint8_t client = ByteAt(value, 0);
  tls->is_tls = (client & kClientSsl) != 0;
  tls->has_connection_certificate = (client & kClientCertConnection) != 0;
  tls->has_session_certificate = (client & kClientCertSession) != 0;
  tls->verify = Read32(value, 1);
  return ForEachTlv(value.substr(5), [tls](uint8_t type, std::string_view text) {
    if (type == kTlvSslVersion) tls->version = text;
    if (type == kTlvSslCommonName) tls->common_name = text;
    if (type == kTlvSslCipher) tls->cipher = text;
    if (type == kTlvSslSignature) tls->signature_algorithm = text;
    if (type == kTlvSslKey) tls->key_algorithm = text;
    return true;
  });
}

// The sum is over the whole header, with zeros in its own place.
bool IsSumRight(std::string_view whole, std::string_view sum) {
  if (sum.size() != 4) return false;
  const size_t at = static_cast<size_t>(sum.data() - whole.data());
  uint32_t crc = Crc32c(whole.substr(0, at));
  crc = Crc32c(std::string_view("\0\0\0\0", 4), crc);
  return Crc32c(whole.substr(at + 4), crc) == Read32(sum, 0);
}

bool ReadTlvs(std::string_view whole, size_t begin, ProxyHeader* header) {
  return ForEachTlv(whole.substr(begin), [whole, header](uint8_t type, std::string_view value) {
    switch (type) {
      case kTlvAlpn:
        header->alpn = value;
        return true;
      case kTlvAuthority:
        header->authority = value;
        return value.size() <= kMaxProxyAuthorityBytes;
      case kTlvCrc32c:
        header->has_crc32c = true;
        return IsSumRight(whole, value);
      case kTlvUniqueId:
        header->unique_id = value;
        return value.size() <= kMaxProxyUniqueIdBytes;
      case kTlvSsl:
        return ReadTls(value, &header->tls.emplace());
      case kTlvNamespace:
        header->network_namespace = value;
        return true;
      default:
        return true;
    }
  });
}

// How many bytes of addresses a family has. An unknown family has none that could be told from
// TLVs, and so neither.
std::optional<size_t> AddressBytes(uint8_t family) {
  switch (family >> 4) {
    case 0:
      return 0;
    case 1:
      return 12;
    case 2:
      return 36;
    case 3:
      return 216;
    default:
      return std::nullopt;
  }
}

ProxyParse ParseBinary(std::string_view bytes, ProxyHeader* header, size_t max_bytes) {
  if (bytes.size() < kFixedBytes) return More(kFixedBytes);
  const uint8_t version_and_command = ByteAt(bytes, 12);
  if ((version_and_command & 0xf0) != kVersion2) return Failed(ProxyHeaderError::kNotHeader);
  const size_t total = kFixedBytes + Read16(bytes, 14);
  if (total > max_bytes) return Failed(ProxyHeaderError::kTooLong);
  if (bytes.size() < total) return More(total);
  bytes = bytes.substr(0, total);
  header->version = 2;
  const uint8_t command = version_and_command & 0x0f;
  if (command == kCommandLocal) return Done(total);
  const uint8_t family = ByteAt(bytes, 13);
  const std::optional<size_t> address_bytes = AddressBytes(family);
  if (command != kCommandProxy || !address_bytes.has_value() ||
      total < kFixedBytes + *address_bytes) {
    return Failed(ProxyHeaderError::kBadHeader);
  }
  const char* at = bytes.data() + kFixedBytes;
  header->is_local = false;
  if (family == kTcp4) {
    header->source = AddressOf(AF_INET, at, at + 8);
    header->destination = AddressOf(AF_INET, at + 4, at + 10);
  } else if (family == kTcp6) {
    header->source = AddressOf(AF_INET6, at, at + 32);
    header->destination = AddressOf(AF_INET6, at + 16, at + 34);
  } else if (family >> 4 == 3) {
    header->source = UnixAddressOf(bytes.substr(kFixedBytes, 108));
    header->destination = UnixAddressOf(bytes.substr(kFixedBytes + 108, 108));
  } else {
    header->is_local = true;
  }
  if (!ReadTlvs(bytes, kFixedBytes + *address_bytes, header)) {
    return Failed(ProxyHeaderError::kBadHeader);
  }
  return Done(total);
}

// The address as 16 bytes of IPv6.
std::string AsV6(const Address& address) {
  std::string bytes(16, '\0');
  if (address.family() == AF_INET6) {
    const auto* in6 = reinterpret_cast<const sockaddr_in6*>(address.sa());
    std::memcpy(bytes.data(), &in6->sin6_addr, 16);
  } else {
    const auto* in4 = reinterpret_cast<const sockaddr_in*>(address.sa());
    bytes[10] = bytes[11] = '\xff';
    std::memcpy(bytes.data() + 12, &in4->sin_addr, 4);
  }
  return bytes;
}

// Appends one TLV, unless the header began at `start` would grow too long by it.
void AppendTlv(uint8_t type, std::string_view value, size_t start, std::string* out) {
  if (out->size() - start + kTlvHeadBytes + value.size() > kMaxProxyHeaderBytes) return;
  out->push_back(static_cast<char>(type));
  Append16(out, value.size());
  out->append(value);
}

void AppendAddresses(const Address& source, const Address& destination, std::string* out) {
  if (source.family() == AF_INET && destination.family() == AF_INET) {
    out->append(AsV6(source), 12, 4).append(AsV6(destination), 12, 4);
  } else {
    out->append(AsV6(source)).append(AsV6(destination));
  }
  Append16(out, source.port());
  Append16(out, destination.port());
}

std::string TlsValue(const ProxyTls& tls, const ProxyHeaderOptions& options) {
  std::string value;
  int client = tls.is_tls ? kClientSsl : 0;
  if (tls.has_connection_certificate) client |= kClientCertConnection;
  if (tls.has_session_certificate) client |= kClientCertSession;
  value.push_back(static_cast<char>(client));
  Append32(&value, tls.verify);
  if (!tls.is_tls) return value;
  const auto append = [&value](bool is_wanted, uint8_t type, std::string_view text) {
    if (is_wanted && !text.empty()) AppendTlv(type, text, /*start=*/0, &value);
  };
  append(true, kTlvSslVersion, tls.version);
  append(options.cert_cn, kTlvSslCommonName, tls.common_name);
  append(options.cert_key, kTlvSslKey, tls.key_algorithm);
  append(options.cert_sig, kTlvSslSignature, tls.signature_algorithm);
  append(options.ssl_cipher, kTlvSslCipher, tls.cipher);
  return value;
}

std::string IpText(const Address& address, bool as_v6) {
  return as_v6 && address.family() == AF_INET ? absl::StrCat("::ffff:", address.Ip())
                                              : address.Ip();
}

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    table[i] = crc;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = MakeCrcTable();

}  // namespace

uint32_t Crc32c(std::string_view bytes, uint32_t crc) {
  crc = ~crc;
  for (char c : bytes) crc = crc >> 8 ^ kCrcTable[(crc ^ static_cast<uint8_t>(c)) & 0xff];
  return ~crc;
}

ProxyParse ParseProxyHeader(std::string_view bytes, ProxyHeader* header, size_t max_bytes) {
  *header = ProxyHeader();
  const size_t line = std::min(bytes.size(), kLineStart.size());
  const size_t signature = std::min(bytes.size(), kSignature.size());
  if (bytes.substr(0, line) == kLineStart.substr(0, line)) {
    return line < kLineStart.size() ? More(kLineStart.size()) : ParseLine(bytes, header);
  }
  if (bytes.substr(0, signature) == kSignature.substr(0, signature)) {
    return ParseBinary(bytes, header, max_bytes);
  }
  return Failed(ProxyHeaderError::kNotHeader);
}

void AppendProxyV1(const Address& source, const Address& destination, std::string* out) {
  if (!source.is_ip() || !destination.is_ip()) {
    out->append("PROXY UNKNOWN\r\n");
    return;
  }
  const bool as_v6 = source.family() == AF_INET6 || destination.family() == AF_INET6;
  absl::StrAppend(out, "PROXY ", as_v6 ? "TCP6 " : "TCP4 ", IpText(source, as_v6), " ",
                  IpText(destination, as_v6), " ", source.port(), " ", destination.port(), "\r\n");
}

void AppendProxyV2(const ProxyHeaderFacts& facts, const ProxyHeaderOptions& options,
                   std::string* out) {
  const bool has_addresses = facts.source != nullptr && facts.source->is_ip() &&
                             facts.destination != nullptr && facts.destination->is_ip();
  const size_t start = out->size();
  out->append(kSignature);
  out->push_back(static_cast<char>(kVersion2 | (has_addresses ? kCommandProxy : kCommandLocal)));
  if (has_addresses) {
    const bool is_v4 = facts.source->family() == AF_INET && facts.destination->family() == AF_INET;
    out->push_back(static_cast<char>(is_v4 ? kTcp4 : kTcp6));
    Append16(out, 0);
    AppendAddresses(*facts.source, *facts.destination, out);
  } else {
    out->push_back('\0');
    Append16(out, 0);
  }
  size_t sum = 0;
  if (options.crc32c) {
    AppendTlv(kTlvCrc32c, std::string_view("\0\0\0\0", 4), start, out);
    sum = out->size() - 4;
  }
  if (!facts.alpn.empty()) AppendTlv(kTlvAlpn, facts.alpn, start, out);
  if (options.authority && !facts.authority.empty()) {
    AppendTlv(kTlvAuthority, facts.authority, start, out);
  }
  if (options.unique_id) AppendTlv(kTlvUniqueId, facts.unique_id, start, out);
  if (options.ssl) AppendTlv(kTlvSsl, TlsValue(facts.tls, options), start, out);

  std::string length;
  Append16(&length, out->size() - start - kFixedBytes);
  out->replace(start + 14, 2, length);
  if (!options.crc32c) return;
  std::string crc;
  Append32(&crc, Crc32c(std::string_view(*out).substr(start)));
  out->replace(sum, 4, crc);
}

void AppendProxyV2Local(std::string* out) {
  out->append(kSignature);
  out->push_back(static_cast<char>(kVersion2 | kCommandLocal));
  out->append(3, '\0');
}

}  // namespace lb::net
