// What can be told of a TLS connection and of a certificate, as texts and numbers: for rules, logs
// and listings. Pure; a connection's own thread.
// Source: HAProxy configuration manual, section 7.3.4.
#ifndef LB_COMMON_TLS_FACTS_H_
#define LB_COMMON_TLS_FACTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/tls/openssl_ptr.h"

namespace lb::tls {

// "TLSv1.3".
std::string_view VersionName(const SSL* connection);
// "TLS_AES_256_GCM_SHA384"; "(NONE)" before it is agreed on.
std::string_view CipherName(const SSL* connection);
// Of the key and of the algorithm, in bits.
struct CipherBits {
  int used = 0;
  int algorithm = 0;
};
CipherBits BitsOf(const SSL* connection);
// The protocol agreed on by ALPN; empty: none.
std::string_view AlpnOf(const SSL* connection);
// The host name the client asked for, up to TLS 1.2 when the session began; empty: none.
std::string_view SniOf(const SSL* connection);
// Empty when the session has none.
std::string_view SessionIdOf(const SSL* connection);

// The certificate that the other side presented, or our own; null: none. It is shared.
X509Ptr PeerCertificate(const SSL* connection);
X509Ptr OwnCertificate(const SSL* connection);

enum class NameField : uint8_t { kSubject, kIssuer };
// "/C=FR/CN=x": the whole name, as OpenSSL's one-line form.
std::string NameText(const X509* certificate, NameField which);
// "CN=x,C=FR": the last part first, and what is special escaped (RFC 2253).
std::string NameTextRfc2253(const X509* certificate, NameField which);
// The `occurrence`th value of one part ("CN", "O", in any case): from 1, or from -1 for the last.
// There is none of occurrence 0.
std::optional<std::string> NamePart(const X509* certificate, NameField which, std::string_view part,
                                    int occurrence);
// The bytes of the serial number, the DER form, the SHA-1 and SHA-256 fingerprints.
std::string SerialOf(const X509* certificate);
std::string DerOf(const X509* certificate);
std::string Sha1Of(const X509* certificate);
std::string Sha256Of(const X509* certificate);
// "YYMMDDhhmmss[Z]" as in the certificate.
std::string NotBeforeOf(const X509* certificate);
std::string NotAfterOf(const X509* certificate);
// "RSA2048", "EC256", "DSA2048", as HAProxy names keys; empty: of another kind, or none.
std::string KeyNameOf(const X509* certificate);
// "rsaEncryption"; "RSA-SHA256"; 3.
std::string_view KeyAlgorithmOf(const X509* certificate);
std::string_view SignatureAlgorithmOf(const X509* certificate);
int CertificateVersionOf(const X509* certificate);

}  // namespace lb::tls

#endif  // LB_COMMON_TLS_FACTS_H_
