// What a TLS endpoint is to do, as plain data: certificates and trust as contents, not as paths.
// Source: HAProxy configuration manual, sections 5.1 and 5.2.
#ifndef LB_COMMON_TLS_SETTINGS_H_
#define LB_COMMON_TLS_SETTINGS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"

namespace lb::tls {

// In order; the values of TLS1_VERSION and its successors are not, so these are our own.
enum class Version : uint8_t { kUnset, kTls10, kTls11, kTls12, kTls13 };

enum class Verify : uint8_t { kNone, kOptional, kRequired };

// A file's contents under the name that the configuration gives it.
struct File {
  std::string name;
  std::string pem;      // certificate: the leaf first, then its chain
  std::string key_pem;  // certificate
  std::string ocsp;     // certificate: a DER response to staple; empty: none
  std::string dh_pem;   // certificate: DH parameters; empty: none
  // A certificate: what it holds of self-issued authorities is not sent. Authorities: the operating
  // system's, whatever `pem` says.
  bool skips_self_issued = false;
  bool is_system = false;
};
using FilePtr = std::shared_ptr<const File>;

// Both sides. Empty texts leave OpenSSL's defaults.
struct Settings {
  Version min_version = Version::kUnset;  // unset: TLS 1.2
  Version max_version = Version::kUnset;  // unset: the newest
  std::string ciphers;
  std::string ciphersuites;
  std::string curves;
  std::string sigalgs;
  std::string client_sigalgs;
  std::vector<std::string> alpn;  // in order of preference
  Verify verify = Verify::kNone;
  FilePtr authorities;                   // "ca-file"; null: none
  bool uses_system_authorities = false;  // "ca-file @system-ca"
  FilePtr revocations;                   // "crl-file"
  bool no_tickets = false;
  bool operator==(const Settings&) const = default;
};

// Which verification errors (X509_V_ERR_*) do not end the handshake.
struct IgnoredErrors {
  bool all = false;
  std::vector<uint32_t> codes;
  bool Contains(int error) const;
};

// The whole process': of the global section.
struct GlobalSettings {
  uint32_t cache_size = 20'000;  // sessions; 0: none is kept
  Millis session_lifetime{300'000};
  uint32_t max_record = 0;  // bytes of plaintext in a record sent; 0: the protocol's limit
  FilePtr dh_parameters;    // null: a group of OpenSSL's own
  uint32_t dh_bits = 0;     // the size of that; 0: what suits the certificate's key
};

class TicketKeys;

struct ServerSettings {
  // One line of a crt-list, or one "crt".
  struct Entry {
    FilePtr certificate;
    std::vector<std::string> sni_filters;  // empty: the names in the certificate
    std::optional<Settings> settings;      // unset: those of the bind line
    FilePtr verify_authorities;            // with `settings`
    bool tells_no_authorities = false;     // the same
  };

  Settings settings;
  std::vector<Entry> entries;  // the first is the default
  FilePtr verify_authorities;  // "ca-verify-file": verifies, is not told to clients
  IgnoredErrors ignored_authority_errors;
  IgnoredErrors ignored_certificate_errors;
  bool is_sni_strict = false;
  bool prefers_client_ciphers = false;
  bool tells_no_authorities = false;              // "no-ca-names"
  std::shared_ptr<const TicketKeys> ticket_keys;  // null: keys of the context's own
  GlobalSettings global;
};

struct ClientSettings {
  Settings settings;
  FilePtr certificate;      // null: none is presented
  std::string verify_host;  // of use without an SNI; empty: any name
  bool reuses_sessions = true;
};

}  // namespace lb::tls

#endif  // LB_COMMON_TLS_SETTINGS_H_
