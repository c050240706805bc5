// ClientHello: what a TLS client says first, in the clear, read without taking part in the
// handshake: for connections that are passed through. Pure: bytes in, facts out.
//
// Source: RFC 8446 sections 4.1.2, 4.2 and 5.1; RFC 6066 section 3 (server_name); RFC 7301 (ALPN);
// RFC 5077 (session tickets). A hello may lie in several records. SSLv2's form is not known.
#ifndef LB_DATAPLANE_RULES_CLIENT_HELLO_H_
#define LB_DATAPLANE_RULES_CLIENT_HELLO_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lb::rules {

// The longest hello that is looked at, over all its records.
inline constexpr size_t kMaxClientHelloBytes = 65536;

enum class SessionTicket : uint8_t { kAbsent = 0, kEmpty = 1, kPresent = 2 };

// Texts view the parsed bytes or the scratch.
struct ClientHello {
  uint16_t version = 0;  // legacy_version: 0x0303 with TLS 1.2 and 1.3
  std::string_view server_name;
  std::string_view first_protocol;  // of ALPN's list
  bool has_supported_groups = false;
  SessionTicket session_ticket = SessionTicket::kAbsent;
};

enum class HelloOutcome : uint8_t {
  kMore,      // a hello, so far
  kDone,      // whole
  kNotHello,  // whatever comes
};

// Looks for a hello at the beginning of `bytes`. `scratch` takes a copy when the hello lies in more
// than one record.
HelloOutcome ParseClientHello(std::string_view bytes, std::string* scratch, ClientHello* hello);

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_CLIENT_HELLO_H_
