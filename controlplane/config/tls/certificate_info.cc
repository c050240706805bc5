// DescribeCertificates(), DescribeRevocations() and ExpiryWarning().
#include <openssl/err.h>

#include <cctype>
#include <chrono>
#include <ctime>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "common/tls/facts.h"
#include "controlplane/config/tls/certificates.h"
#include "controlplane/config/tls/pem.h"

namespace lb::config {
namespace {

constexpr int64_t kDaySeconds = 24 * 60 * 60;
constexpr int64_t kExpirySoonSeconds = 30 * kDaySeconds;

std::vector<std::string> AlternativesOf(const X509* certificate) {
  std::vector<std::string> names;
  const GeneralNamesPtr all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const BioPtr out(BIO_new(BIO_s_mem()));
    GENERAL_NAME_print(out.get(), sk_GENERAL_NAME_value(all.get(), i));
    names.push_back(Written(out.get()));
  }
  return names;
}

std::string UpperHex(std::string_view bytes) {
  std::string hex = absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size()));
  for (char& c : hex) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return hex;
}

int64_t SecondsOf(const ASN1_TIME* time) {
  std::tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return timegm(&parts);
}

std::string KeyOf(const X509* certificate) {
  std::string name = tls::KeyNameOf(certificate);
  if (!name.empty()) return name;
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  const char* kind = key != nullptr ? OBJ_nid2sn(EVP_PKEY_get_base_id(key)) : nullptr;
  return kind != nullptr ? kind : "unknown";
}

CertificateInfo InfoOf(X509* certificate) {
  CertificateInfo info;
  info.subject = SubjectOf(certificate);
  info.issuer = tls::NameText(certificate, tls::NameField::kIssuer);
  info.common_name =
      tls::NamePart(certificate, tls::NameField::kSubject, "CN", /*occurrence=*/1).value_or("");
  info.alternatives = AlternativesOf(certificate);
  info.serial = UpperHex(tls::SerialOf(certificate));
  info.not_before = SecondsOf(X509_get0_notBefore(certificate));
  info.not_after = NotAfterOf(certificate);
  info.key = KeyOf(certificate);
  info.sha1 = UpperHex(tls::Sha1Of(certificate));
  info.sha256 = UpperHex(tls::Sha256Of(certificate));
  ERR_clear_error();
  return info;
}

std::string DayOf(int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts = {};
  gmtime_r(&time, &parts);
  return absl::StrFormat("%04d-%02d-%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

}  // namespace

std::vector<CertificateInfo> DescribeCertificates(std::string_view pem) {
  std::vector<CertificateInfo> all;
  absl::StatusOr<std::vector<PemBlock>> blocks = SplitPem(pem);
  if (!blocks.ok()) return all;
  for (const PemBlock& block : *blocks) {
    if (block.kind != PemBlock::Kind::kCertificate) continue;
    const X509Ptr certificate = ReadCertificate(block.text);
    if (certificate != nullptr) all.push_back(InfoOf(certificate.get()));
  }
  return all;
}

std::vector<std::string> DescribeRevocations(std::string_view pem) {
  std::vector<std::string> all;
  absl::StatusOr<std::vector<PemBlock>> blocks = SplitPem(pem);
  if (!blocks.ok()) return all;
  for (const PemBlock& block : *blocks) {
    if (block.kind != PemBlock::Kind::kRevocations) continue;
    const X509CrlPtr list = ReadRevocations(block.text);
    if (list == nullptr) continue;
    const BioPtr out(BIO_new(BIO_s_mem()));
    BIO_puts(out.get(), "Issuer: ");
    X509_NAME_print_ex(out.get(), X509_CRL_get_issuer(list.get()), 0, XN_FLAG_ONELINE);
    BIO_puts(out.get(), "\nLast Update: ");
    ASN1_TIME_print(out.get(), X509_CRL_get0_lastUpdate(list.get()));
    BIO_puts(out.get(), "\nNext Update: ");
    const ASN1_TIME* next = X509_CRL_get0_nextUpdate(list.get());
    if (next != nullptr) ASN1_TIME_print(out.get(), next);
    const int revoked = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list.get()));
    BIO_printf(out.get(), "\nRevoked Certificates: %d\n", revoked < 0 ? 0 : revoked);
    all.push_back(Written(out.get()));
    ERR_clear_error();
  }
  return all;
}

std::string SubjectOf(const X509* certificate) {
  return tls::NameText(certificate, tls::NameField::kSubject);
}

int64_t NotAfterOf(const X509* certificate) { return SecondsOf(X509_get0_notAfter(certificate)); }

std::optional<std::string> ExpiryWarning(int64_t not_after, WallTime now) {
  const int64_t left =
      not_after - std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (left <= 0) return absl::StrCat("has expired on ", DayOf(not_after));
  if (left > kExpirySoonSeconds) return std::nullopt;
  const int64_t days = left / kDaySeconds;
  return absl::StrCat("expires on ", DayOf(not_after), ", in ", days, days == 1 ? " day" : " days");
}

}  // namespace lb::config
