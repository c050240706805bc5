#include "common/tls/pki.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/address.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/tls/context.h"
#include "common/tls/facts.h"

namespace lb::tls {
namespace {

constexpr char kOrganization[] = "lb";

void AddPart(X509_NAME* name, const char* part, std::string_view text) {
  X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()), -1, 0);
}

absl::Status AddExtension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  if (extension == nullptr || X509_add_ext(certificate, extension.get(), -1) != 1) {
    return InvalidArgument(absl::StrCat("'", value, "': ", TakeError()));
  }
  return absl::OkStatus();
}

// A certificate without names and signature, valid from a day ago for clocks that differ.
absl::StatusOr<X509Ptr> NewCertificate(EVP_PKEY* key, int days) {
  if (days < 1 || days > 36'500) return InvalidArgument("days: expected 1 to 36500");
  constexpr long kDay = 24 * 3600;  // NOLINT: OpenSSL's type
  X509Ptr certificate(X509_new());
  X509* c = certificate.get();
  unsigned char serial[16];
  LB_CHECK(RAND_bytes(serial, sizeof(serial)) == 1);
  serial[0] &= 0x7f;  // positive
  std::unique_ptr<BIGNUM, FreeWith<BN_free>> number(BN_bin2bn(serial, sizeof(serial), nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(c));
  X509_set_version(c, X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(c), -kDay);
  X509_time_adj_ex(X509_getm_notAfter(c), days, 0, nullptr);
  X509_set_pubkey(c, key);
  return certificate;
}

absl::StatusOr<Issued> Finish(X509* certificate, EVP_PKEY* own_key, EVP_PKEY* signing_key) {
  if (X509_sign(certificate, signing_key, EVP_sha256()) == 0) {
    return absl::InternalError(TakeError());
  }
  auto text_of = [](auto write) {
    BioPtr bio(BIO_new(BIO_s_mem()));
    LB_CHECK(write(bio.get()) == 1);
    char* text = nullptr;
    const auto bytes = BIO_get_mem_data(bio.get(), &text);
    return std::string(text, static_cast<size_t>(bytes));
  };
  Issued issued;
  issued.certificate = text_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
  issued.key = text_of([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, own_key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  return issued;
}

}  // namespace

std::string_view NameOf(ChannelRole role) {
  switch (role) {
    case ChannelRole::kControl:
      return "control";
    case ChannelRole::kNode:
      return "node";
    case ChannelRole::kOperator:
      return "operator";
  }
  return "";
}

absl::StatusOr<Issued> MakeAuthority(const std::string& name, int days) {
  KeyPtr key(EVP_EC_gen("P-256"));
  LB_ASSIGN_OR_RETURN(X509Ptr certificate, NewCertificate(key.get(), days));
  X509* c = certificate.get();
  AddPart(X509_get_subject_name(c), "O", kOrganization);
  AddPart(X509_get_subject_name(c), "CN", name);
  X509_set_issuer_name(c, X509_get_subject_name(c));
  LB_RETURN_IF_ERROR(AddExtension(c, c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"));
  LB_RETURN_IF_ERROR(AddExtension(c, c, NID_key_usage, "critical,keyCertSign,cRLSign"));
  LB_RETURN_IF_ERROR(AddExtension(c, c, NID_subject_key_identifier, "hash"));
  return Finish(c, key.get(), key.get());
}

absl::StatusOr<Issued> Issue(const Issued& authority, ChannelRole role, const std::string& name,
                             const std::vector<std::string>& hosts, int days) {
  const File file{.name = "authority", .pem = authority.certificate, .key_pem = authority.key};
  LB_ASSIGN_OR_RETURN(std::vector<X509Ptr> issuers, ReadCertificates(file));
  LB_ASSIGN_OR_RETURN(KeyPtr issuer_key, ReadKey(file));
  X509* issuer = issuers.front().get();
  if (X509_check_private_key(issuer, issuer_key.get()) != 1) {
    return InvalidArgument("the authority's key is not that of its certificate");
  }
  KeyPtr key(EVP_EC_gen("P-256"));
  LB_ASSIGN_OR_RETURN(X509Ptr certificate, NewCertificate(key.get(), days));
  X509* c = certificate.get();
  AddPart(X509_get_subject_name(c), "O", kOrganization);
  AddPart(X509_get_subject_name(c), "OU", NameOf(role));
  AddPart(X509_get_subject_name(c), "CN", name);
  X509_set_issuer_name(c, X509_get_subject_name(issuer));
  LB_RETURN_IF_ERROR(AddExtension(c, issuer, NID_basic_constraints, "critical,CA:FALSE"));
  LB_RETURN_IF_ERROR(AddExtension(c, issuer, NID_key_usage, "critical,digitalSignature"));
  LB_RETURN_IF_ERROR(
      AddExtension(c, issuer, NID_ext_key_usage,
                   role == ChannelRole::kControl ? "serverAuth,clientAuth" : "clientAuth"));
  LB_RETURN_IF_ERROR(AddExtension(c, issuer, NID_authority_key_identifier, "keyid"));
  std::string names = absl::StrCat("DNS:", name);
  for (const std::string& host : hosts) {
    if (host.find_first_of(", :") != std::string::npos && !Address::FromIp(host, 0).ok()) {
      return InvalidArgument(absl::StrCat("'", host, "' is neither a name nor an address"));
    }
    absl::StrAppend(&names, Address::FromIp(host, 0).ok() ? ",IP:" : ",DNS:", host);
  }
  LB_RETURN_IF_ERROR(AddExtension(c, issuer, NID_subject_alt_name, names));
  return Finish(c, key.get(), issuer_key.get());
}

ChannelPeer PeerOf(std::string_view certificate_pem) {
  BioPtr bio = ReadFrom(certificate_pem);
  X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (certificate == nullptr) return {};
  ChannelPeer peer;
  peer.role = NamePart(certificate.get(), NameField::kSubject, "OU", 1).value_or("");
  peer.name = NamePart(certificate.get(), NameField::kSubject, "CN", 1).value_or("");
  return peer;
}

}  // namespace lb::tls
