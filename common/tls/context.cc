#include "common/tls/context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/check.h"
#include "common/base/status.h"

namespace lb::tls {
namespace {

absl::Status Refused(std::string_view what, std::string_view value) {
  return InvalidArgument(absl::StrCat("OpenSSL refuses ", std::string(what), " '",
                                      std::string(value), "': ", TakeError()));
}

int NumberOf(Version version) {
  switch (version) {
    case Version::kUnset:
      return 0;
    case Version::kTls10:
      return TLS1_VERSION;
    case Version::kTls11:
      return TLS1_1_VERSION;
    case Version::kTls12:
      return TLS1_2_VERSION;
    case Version::kTls13:
      return TLS1_3_VERSION;
  }
  return 0;
}

void FreeOutcome(void*, void* outcome, CRYPTO_EX_DATA*, int, long, void*) {  // NOLINT: their types
  delete static_cast<VerifyOutcome*>(outcome);
}

int OutcomeIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, FreeOutcome);
  return index;
}

absl::Status TrustRevocations(SSL_CTX* context, const File& file) {
  BioPtr bio = ReadFrom(file.pem);
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  size_t count = 0;
  for (;;) {
    std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>> crl(
        PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
    if (crl == nullptr) break;
    if (X509_STORE_add_crl(store, crl.get()) != 1) {
      return InvalidArgument(absl::StrCat(file.name, ": ", TakeError()));
    }
    ++count;
  }
  ERR_clear_error();
  if (count == 0) return InvalidArgument(absl::StrCat(file.name, ": holds no revocation list"));
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return absl::OkStatus();
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

}  // namespace

VerifyOutcome& OutcomeOf(SSL* connection) {
  auto* outcome = static_cast<VerifyOutcome*>(SSL_get_ex_data(connection, OutcomeIndex()));
  if (outcome == nullptr) {
    outcome = new VerifyOutcome;
    LB_CHECK(SSL_set_ex_data(connection, OutcomeIndex(), outcome) == 1);
  }
  return *outcome;
}

absl::StatusOr<std::vector<X509Ptr>> ReadCertificates(const File& file) {
  BioPtr bio = ReadFrom(file.pem);
  std::vector<X509Ptr> certificates;
  for (;;) {
    X509Ptr certificate(PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr));
    if (certificate == nullptr) break;
    certificates.push_back(std::move(certificate));
  }
  const unsigned long error = ERR_peek_last_error();  // NOLINT: OpenSSL's type
  const bool is_end =
      ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (!is_end) return InvalidArgument(absl::StrCat(file.name, ": ", TakeError()));
  ERR_clear_error();
  if (certificates.empty()) {
    return InvalidArgument(absl::StrCat(file.name, ": holds no certificate"));
  }
  return certificates;
}

absl::StatusOr<KeyPtr> ReadKey(const File& file) {
  BioPtr bio = ReadFrom(file.key_pem);
  // A key with a pass phrase would have OpenSSL ask for it on the terminal.
  auto no_pass_phrase = [](char*, int, int, void*) { return -1; };
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr));
  if (key == nullptr) {
    return InvalidArgument(absl::StrCat(file.name, ": cannot read the private key: ", TakeError()));
  }
  return key;
}

absl::StatusOr<KeyedCertificate> ReadKeyedCertificate(const File& file) {
  KeyedCertificate made;
  LB_ASSIGN_OR_RETURN(made.chain, ReadCertificates(file));
  LB_ASSIGN_OR_RETURN(made.key, ReadKey(file));
  if (file.skips_self_issued) {
    auto is_self_issued = [](const X509Ptr& certificate) {
      return X509_check_issued(certificate.get(), certificate.get()) == X509_V_OK;
    };
    made.chain.erase(std::remove_if(made.chain.begin() + 1, made.chain.end(), is_self_issued),
                     made.chain.end());
  }
  return made;
}

absl::Status UseCertificate(SSL_CTX* context, const std::string& name,
                            const KeyedCertificate& certificate) {
  std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * stack) { sk_X509_free(stack); })>
      chain(sk_X509_new_null());
  for (size_t i = 1; i < certificate.chain.size(); ++i) {
    sk_X509_push(chain.get(), certificate.chain[i].get());
  }
  if (SSL_CTX_use_cert_and_key(context, certificate.chain[0].get(), certificate.key.get(),
                               chain.get(), /*override=*/1) != 1) {
    return InvalidArgument(absl::StrCat(name, ": ", TakeError()));
  }
  return absl::OkStatus();
}

absl::Status UseCertificate(SSL_CTX* context, const File& file) {
  LB_ASSIGN_OR_RETURN(const KeyedCertificate certificate, ReadKeyedCertificate(file));
  return UseCertificate(context, file.name, certificate);
}

absl::Status TrustAuthorities(SSL_CTX* context, const File& file) {
  if (file.is_system) {
    if (SSL_CTX_set_default_verify_paths(context) == 1) return absl::OkStatus();
    return Refused("the system's authorities", file.name);
  }
  LB_ASSIGN_OR_RETURN(std::vector<X509Ptr> certificates, ReadCertificates(file));
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const X509Ptr& certificate : certificates) {
    // One that is there already is no error.
    if (X509_STORE_add_cert(store, certificate.get()) != 1) {
      return InvalidArgument(absl::StrCat(file.name, ": ", TakeError()));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> EncodeAlpn(const std::vector<std::string>& names) {
  std::string wire;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > 255) {
      return InvalidArgument(absl::StrCat("'", name, "' cannot be a protocol's name"));
    }
    wire.push_back(static_cast<char>(name.size()));
    wire += name;
  }
  return wire;
}

std::vector<std::string> NamesOf(X509* certificate) {
  std::vector<std::string> names;
  using Names = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;
  Names alternatives(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; alternatives != nullptr && i < sk_GENERAL_NAME_num(alternatives.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives.get(), i);
    if (name->type != GEN_DNS) continue;
    const unsigned char* text = ASN1_STRING_get0_data(name->d.dNSName);
    names.push_back(LowerCase({reinterpret_cast<const char*>(text),
                               static_cast<size_t>(ASN1_STRING_length(name->d.dNSName))}));
  }
  // HAProxy takes the common name as well as the alternatives.
  X509_NAME* subject = X509_get_subject_name(certificate);
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) {
    unsigned char* text = nullptr;
    const int length =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (length < 0) continue;
    std::string name =
        LowerCase({reinterpret_cast<const char*>(text), static_cast<size_t>(length)});
    OPENSSL_free(text);
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

absl::StatusOr<SslContextPtr> MakeContext(const SSL_METHOD* method, const Settings& settings) {
  SslContextPtr context(SSL_CTX_new(method));
  if (context == nullptr) return absl::ResourceExhaustedError(TakeError());
  SSL_CTX* c = context.get();
  SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_SSLv3 |
                             SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (settings.no_tickets) SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
  // Reading ahead takes a record in one system call; idle connections hold no buffers.
  SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                          SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(c, 1);
  const Version min =
      settings.min_version != Version::kUnset ? settings.min_version : Version::kTls12;
  if (settings.max_version != Version::kUnset && settings.max_version < min &&
      settings.min_version != Version::kUnset) {
    return InvalidArgument("the lowest TLS version is above the highest");
  }
  SSL_CTX_set_min_proto_version(
      c, NumberOf(
             std::min(min, settings.max_version != Version::kUnset ? settings.max_version : min)));
  SSL_CTX_set_max_proto_version(c, NumberOf(settings.max_version));
  if (!settings.ciphers.empty() && SSL_CTX_set_cipher_list(c, settings.ciphers.c_str()) != 1) {
    return Refused("the ciphers", settings.ciphers);
  }
  if (!settings.ciphersuites.empty() &&
      SSL_CTX_set_ciphersuites(c, settings.ciphersuites.c_str()) != 1) {
    return Refused("the cipher suites", settings.ciphersuites);
  }
  if (!settings.curves.empty() && SSL_CTX_set1_curves_list(c, settings.curves.c_str()) != 1) {
    return Refused("the curves", settings.curves);
  }
  if (!settings.sigalgs.empty() && SSL_CTX_set1_sigalgs_list(c, settings.sigalgs.c_str()) != 1) {
    return Refused("the signature algorithms", settings.sigalgs);
  }
  if (!settings.client_sigalgs.empty() &&
      SSL_CTX_set1_client_sigalgs_list(c, settings.client_sigalgs.c_str()) != 1) {
    return Refused("the client signature algorithms", settings.client_sigalgs);
  }
  if (settings.uses_system_authorities && SSL_CTX_set_default_verify_paths(c) != 1) {
    return Refused("the system's authorities", "@system-ca");
  }
  if (settings.authorities != nullptr) {
    LB_RETURN_IF_ERROR(TrustAuthorities(c, *settings.authorities));
  }
  if (settings.revocations != nullptr) {
    LB_RETURN_IF_ERROR(TrustRevocations(c, *settings.revocations));
  }
  return context;
}

}  // namespace lb::tls
