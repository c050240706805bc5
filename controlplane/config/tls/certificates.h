// Certificates: what the files of TLS settings hold, taken apart and checked. Pure over contents:
// nothing here reads a file or the clock. Used when a configuration is loaded, when a certificate
// is replaced while serving, and to show them. Usable from any thread.
//
//   CertificateParts parts{.pem = contents};
//   absl::StatusOr<LoadedTlsFile> loaded = ParseCertificate("site.pem", parts, now);
//
// No message ever holds a byte of a key.
// Source: HAProxy configuration manual, sections 5.1 "crt", "ca-file", "crl-file",
// "tls-ticket-keys" and 3.1 "ssl-load-extra-files"; RFC 5280, RFC 6960.
#ifndef LB_CONTROLPLANE_CONFIG_TLS_CERTIFICATES_H_
#define LB_CONTROLPLANE_CONFIG_TLS_CERTIFICATES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "common/base/clock.h"
#include "lb/v1/tls.pb.h"

namespace lb::config {

// What people are told about one certificate.
struct CertificateInfo {
  std::string subject;  // "/C=XX/CN=www.example.test"
  std::string issuer;
  std::string common_name;                // empty: none
  std::vector<std::string> alternatives;  // "DNS:www.example.test", "IP Address:127.0.0.1", ...
  std::string serial;                     // upper-case hex
  int64_t not_before = 0;                 // seconds since 1970
  int64_t not_after = 0;
  std::string key;   // "RSA2048", "EC256", "ED25519"
  std::string sha1;  // fingerprints: upper-case hex of the DER form
  std::string sha256;
};

// The certificates in `pem`, in its order: the leaf, then its chain. Blocks that cannot be read are
// left out.
std::vector<CertificateInfo> DescribeCertificates(std::string_view pem);

// What people are told of the lists of revocations in `pem`, a text of lines for each.
std::vector<std::string> DescribeRevocations(std::string_view pem);

// "has expired on 2021-01-01" or "expires on 2026-12-01, in 12 days" when
// CertificateInfo::not_after is past, or at most 30 days ahead of `now`; else nullopt.
std::optional<std::string> ExpiryWarning(int64_t not_after, WallTime now);

// A file ready for the snapshot, and what is odd about it but does no harm.
struct LoadedTlsFile {
  v1::TlsFile file;
  std::vector<std::string> warnings;  // "the certificate has expired on 2021-01-01"
};

// What belongs to one certificate: its file, and those found beside it.
struct CertificateParts {
  std::string pem;                    // certificates, chain, DH parameters, and the key or not
  std::optional<std::string> key;     // ".key", for when `pem` has none
  std::optional<std::string> ocsp;    // ".ocsp", DER; empty contents: to be filled while serving
  std::optional<std::string> issuer;  // ".issuer", for `ocsp` when the chain is not in `pem`
};

// Errors: no certificate, no key, a key that does not match or is encrypted, anything that cannot
// be read, a stapled response whose issuer is not known.
absl::StatusOr<LoadedTlsFile> ParseCertificate(std::string_view name, const CertificateParts& parts,
                                               WallTime now);

// The certificate and chain of `pem`, with Diffie-Hellman parameters; without a key, which may come
// later. Errors: no certificate, or one that cannot be read.
absl::StatusOr<v1::TlsFile> ReadChain(std::string_view name, std::string_view pem);

// Puts behind a certificate without a chain the first of `chains` that begins with its issuer.
void CompleteChain(const std::vector<std::string>& chains, v1::TlsFile* file);

// Whether `pem` has a block of a private key, readable or not.
bool HasKey(std::string_view pem);

// "ca-file", "ca-verify-file". Keeps the certificates and lists of revocations, nothing else.
// Errors: no certificate, or one that cannot be read.
absl::StatusOr<LoadedTlsFile> ParseAuthorities(std::string_view name, std::string_view contents,
                                               WallTime now);

// "crl-file". Errors: no list of revocations, or one that cannot be read.
absl::StatusOr<LoadedTlsFile> ParseRevocations(std::string_view name, std::string_view contents,
                                               WallTime now);

// "tls-ticket-keys": at least three lines of base64, all of 48 or all of 80 bytes.
absl::StatusOr<LoadedTlsFile> ParseTicketKeys(std::string_view name, std::string_view contents);

// "ssl-dh-param-file".
absl::StatusOr<LoadedTlsFile> ParseDhParameters(std::string_view name, std::string_view contents);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_TLS_CERTIFICATES_H_
