// PROXY protocol: the header that tells of the connection behind a connection. Versions 1 (a line
// of text) and 2 (binary, with TLVs). Pure: bytes in, facts out, and the other way round.
//
// Source: "The PROXY protocol, versions 1 & 2" (haproxy.org), sections 2.1 and 2.2, as HAProxy 2.6
// implements it. Deviations, all within the specification:
//  - a header may arrive in pieces (HAProxy refuses one that is not there at once);
//  - "PROXY UNKNOWN" may be followed by anything up to the line's end;
//  - addresses and ports of version 1 must be ones: "1.2.3.444" and "111111" are refused;
//  - version 2 may speak of families that we have no use for (UDP, unix sockets, none at all).
#ifndef LB_COMMON_NET_PROXY_PROTOCOL_H_
#define LB_COMMON_NET_PROXY_PROTOCOL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/address.h"

namespace lb::net {

// The longest header that is taken, both versions: HAProxy's limit with its default buffers.
inline constexpr size_t kMaxProxyHeaderBytes = 16384;
// A line of version 1, its end included.
inline constexpr size_t kMaxProxyLineBytes = 107;
inline constexpr size_t kMaxProxyAuthorityBytes = 255;
inline constexpr size_t kMaxProxyUniqueIdBytes = 128;

// The TLV PP2_TYPE_SSL. Texts are empty when their sub-TLV is absent.
struct ProxyTls {
  bool is_tls = false;                      // PP2_CLIENT_SSL
  bool has_connection_certificate = false;  // PP2_CLIENT_CERT_CONN
  bool has_session_certificate = false;     // PP2_CLIENT_CERT_SESS
  uint32_t verify = 0;                      // 0: a certificate was presented and verified
  std::string_view version;                 // "TLSv1.3"
  std::string_view common_name;             // of the client's certificate
  std::string_view cipher;
  std::string_view signature_algorithm;  // of our certificate: "SHA256"
  std::string_view key_algorithm;        // of our certificate: "RSA2048"
};

// What a header says. Texts view the bytes that were parsed.
struct ProxyHeader {
  uint8_t version = 0;  // 1 or 2
  // LOCAL, UNKNOWN, or no address family: the connection speaks for itself.
  bool is_local = true;
  // What the sender's client is, and what it connected to. Unset when `is_local`.
  Address source;
  Address destination;
  // TLVs of version 2. Empty: absent.
  std::string_view alpn;
  std::string_view authority;
  std::string_view unique_id;
  std::string_view network_namespace;
  std::optional<ProxyTls> tls;
  bool has_crc32c = false;  // and it was right
};

enum class ProxyHeaderError : uint8_t {
  kNone,
  kNotHeader,    // begins like neither version
  kBadHeader,    // begins well, but does not hold together
  kBadProtocol,  // version 1 of another protocol than TCP4, TCP6 and UNKNOWN
  kTooLong,      // announces more than `max_bytes`
};

struct ProxyParse {
  enum class Outcome : uint8_t { kMore, kDone, kError };
  Outcome outcome = Outcome::kMore;
  ProxyHeaderError error = ProxyHeaderError::kNone;
  // With kDone: the header's length. With kMore: how long it is at least, more than there is.
  size_t bytes = 0;
};

// Looks for a header at the beginning of `bytes`, which may go on behind it. Fills `header` with
// kDone. Start again from the first byte when more have come.
ProxyParse ParseProxyHeader(std::string_view bytes, ProxyHeader* header,
                            size_t max_bytes = kMaxProxyHeaderBytes);

// What a version 2 header carries besides the addresses.
// Source: HAProxy configuration manual, "proxy-v2-options".
struct ProxyHeaderOptions {
  bool ssl = false;
  bool cert_cn = false;
  bool ssl_cipher = false;
  bool cert_sig = false;
  bool cert_key = false;
  bool authority = false;
  bool crc32c = false;
  bool unique_id = false;

  friend bool operator==(const ProxyHeaderOptions&, const ProxyHeaderOptions&) = default;
};

// The facts to be told. Whoever knows them fills them in; views must last as long as this.
struct ProxyHeaderFacts {
  const Address* source = nullptr;  // null or without an IP: the header says LOCAL
  const Address* destination = nullptr;
  std::string_view alpn;       // of the client's TLS connection; empty: none
  std::string_view authority;  // the name the client asked for (SNI); empty: none
  std::string_view unique_id;  // told even when empty, if it is asked for
  ProxyTls tls;                // told only if `options.ssl`
};

// Appends a header to `out`. An IPv4 address next to an IPv6 one is written as IPv6.
void AppendProxyV1(const Address& source, const Address& destination, std::string* out);
// Texts that would make the header longer than kMaxProxyHeaderBytes are left out.
void AppendProxyV2(const ProxyHeaderFacts& facts, const ProxyHeaderOptions& options,
                   std::string* out);
// Version 2 of a connection that speaks for nobody: a health check's.
void AppendProxyV2Local(std::string* out);

// CRC-32C (Castagnoli) of `bytes`; `crc` is that of what stood before. Source: RFC 3720, B.4.
uint32_t Crc32c(std::string_view bytes, uint32_t crc = 0);

}  // namespace lb::net

#endif  // LB_COMMON_NET_PROXY_PROTOCOL_H_
