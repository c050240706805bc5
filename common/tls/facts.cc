#include "common/tls/facts.h"

#include <openssl/objects.h>

#include <array>
#include <cstdlib>

#include "absl/strings/match.h"

namespace lb::tls {
namespace {

X509_NAME* NameIn(const X509* certificate, NameField which) {
  return which == NameField::kSubject ? X509_get_subject_name(certificate)
                                      : X509_get_issuer_name(certificate);
}

std::string TextOf(const ASN1_STRING* string) {
  const unsigned char* bytes = ASN1_STRING_get0_data(string);
  return {reinterpret_cast<const char*>(bytes), static_cast<size_t>(ASN1_STRING_length(string))};
}

std::string DigestOf(const X509* certificate, const EVP_MD* kind) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
  unsigned int count = 0;
  if (X509_digest(certificate, kind, bytes.data(), &count) != 1) return {};
  return {reinterpret_cast<const char*>(bytes.data()), count};
}

std::string_view ObjectName(const ASN1_OBJECT* object) {
  const int nid = OBJ_obj2nid(object);
  const char* name = nid != NID_undef ? OBJ_nid2sn(nid) : nullptr;
  return name != nullptr ? name : "";
}

}  // namespace

std::string_view VersionName(const SSL* connection) { return SSL_get_version(connection); }

std::string_view CipherName(const SSL* connection) { return SSL_get_cipher_name(connection); }

CipherBits BitsOf(const SSL* connection) {
  CipherBits bits;
  bits.used = SSL_get_cipher_bits(connection, &bits.algorithm);
  return bits;
}

std::string_view AlpnOf(const SSL* connection) {
  const unsigned char* name = nullptr;
  unsigned int bytes = 0;
  SSL_get0_alpn_selected(connection, &name, &bytes);
  return {reinterpret_cast<const char*>(name), bytes};
}

std::string_view SniOf(const SSL* connection) {
  const char* name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
  return name != nullptr ? name : "";
}

std::string_view SessionIdOf(const SSL* connection) {
  const SSL_SESSION* session = SSL_get_session(connection);
  if (session == nullptr) return {};
  unsigned int bytes = 0;
  const unsigned char* id = SSL_SESSION_get_id(session, &bytes);
  return {reinterpret_cast<const char*>(id), bytes};
}

X509Ptr PeerCertificate(const SSL* connection) {
  return X509Ptr(SSL_get1_peer_certificate(connection));
}

X509Ptr OwnCertificate(const SSL* connection) {
  X509* certificate = SSL_get_certificate(connection);
  if (certificate != nullptr) X509_up_ref(certificate);
  return X509Ptr(certificate);
}

std::string NameText(const X509* certificate, NameField which) {
  char* text = X509_NAME_oneline(NameIn(certificate, which), nullptr, 0);
  std::string name = text != nullptr ? text : "";
  OPENSSL_free(text);
  return name;
}

std::string NameTextRfc2253(const X509* certificate, NameField which) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr) return {};
  X509_NAME_print_ex(bio.get(), NameIn(certificate, which), 0, XN_FLAG_RFC2253);
  const char* text = nullptr;
  const long bytes = BIO_get_mem_data(bio.get(), &text);  // NOLINT
  return bytes > 0 ? std::string(text, static_cast<size_t>(bytes)) : std::string();
}

std::optional<std::string> NamePart(const X509* certificate, NameField which, std::string_view part,
                                    int occurrence) {
  if (occurrence == 0) return std::nullopt;
  X509_NAME* name = NameIn(certificate, which);
  const int count = X509_NAME_entry_count(name);
  const int step = occurrence < 0 ? -1 : 1;
  int64_t wanted = std::abs(int64_t{occurrence});
  for (int i = step > 0 ? 0 : count - 1; i >= 0 && i < count; i += step) {
    X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const std::string_view kind = ObjectName(X509_NAME_ENTRY_get_object(entry));
    if (!absl::EqualsIgnoreCase({kind.data(), kind.size()}, {part.data(), part.size()})) continue;
    if (--wanted > 0) continue;
    unsigned char* text = nullptr;
    const int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
    if (length < 0) return std::nullopt;
    std::string value(reinterpret_cast<const char*>(text), static_cast<size_t>(length));
    OPENSSL_free(text);
    return value;
  }
  return std::nullopt;
}

std::string SerialOf(const X509* certificate) {
  return TextOf(X509_get0_serialNumber(certificate));
}

std::string DerOf(const X509* certificate) {
  unsigned char* bytes = nullptr;
  const int count = i2d_X509(certificate, &bytes);
  if (count < 0) return {};
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<size_t>(count));
  OPENSSL_free(bytes);
  return der;
}

std::string Sha1Of(const X509* certificate) { return DigestOf(certificate, EVP_sha1()); }

std::string Sha256Of(const X509* certificate) { return DigestOf(certificate, EVP_sha256()); }

std::string NotBeforeOf(const X509* certificate) {
  return TextOf(X509_get0_notBefore(certificate));
}

std::string NotAfterOf(const X509* certificate) { return TextOf(X509_get0_notAfter(certificate)); }

std::string KeyNameOf(const X509* certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr) return {};
  const std::string bits = std::to_string(EVP_PKEY_get_bits(key));
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return "RSA" + bits;
    case EVP_PKEY_EC:
      return "EC" + bits;
    case EVP_PKEY_DSA:
      return "DSA" + bits;
    default:
      return {};
  }
}

std::string_view KeyAlgorithmOf(const X509* certificate) {
  ASN1_OBJECT* object = nullptr;
  X509_PUBKEY_get0_param(&object, nullptr, nullptr, nullptr, X509_get_X509_PUBKEY(certificate));
  return ObjectName(object);
}

std::string_view SignatureAlgorithmOf(const X509* certificate) {
  const int nid = X509_get_signature_nid(certificate);
  const char* name = nid != NID_undef ? OBJ_nid2sn(nid) : nullptr;
  return name != nullptr ? name : "";
}

int CertificateVersionOf(const X509* certificate) {
  return static_cast<int>(X509_get_version(certificate)) + 1;
}

}  // namespace lb::tls
