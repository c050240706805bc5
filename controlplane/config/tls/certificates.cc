#include "controlplane/config/tls/certificates.h"

#include <openssl/err.h>

#include <algorithm>
#include <chrono>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "common/base/status.h"
#include "controlplane/config/tls/pem.h"

namespace lb::config {
namespace {

constexpr size_t kLeastTicketKeys = 3;
// Name, HMAC key and AES key: of AES-128 with SHA-256, of AES-256 with SHA-256.
constexpr size_t kTicketKeyBytes[] = {48, 80};

absl::Status Bad(std::string message) { return absl::InvalidArgumentError(message); }

v1::TlsFile NewFile(std::string_view name, v1::TlsFile::Kind kind) {
  v1::TlsFile file;
  file.set_name(std::string(name));
  file.set_kind(kind);
  return file;
}

void WarnOfExpiry(const X509* certificate, std::string_view what, WallTime now,
                  std::vector<std::string>* warnings) {
  if (auto warning = ExpiryWarning(NotAfterOf(certificate), now)) {
    warnings->push_back(absl::StrCat(std::string(what), " ", *warning));
  }
}

// The certificates of `blocks` in order, each parsed once; their texts into `file`, with
// Diffie-Hellman parameters. Reading a certificate or a key takes a large part of a millisecond,
// and there may be thousands.
absl::StatusOr<std::vector<X509Ptr>> TakeCertificates(const std::vector<PemBlock>& blocks,
                                                      v1::TlsFile* file) {
  std::vector<X509Ptr> chain;
  for (const PemBlock& block : blocks) {
    if (block.kind == PemBlock::Kind::kDhParameters) {
      if (!HasDhParameters(block.text)) return Bad("broken Diffie-Hellman parameters");
      if (file->dh_pem().empty()) file->set_dh_pem(block.text);
    }
    if (block.kind != PemBlock::Kind::kCertificate) continue;
    chain.push_back(ReadCertificate(block.text));
    if (chain.back() == nullptr) return Bad("broken certificate");
    file->mutable_pem()->append(block.text);
  }
  if (chain.empty()) return Bad("no certificate");
  return chain;
}

// The first key of `blocks`, its text into `file`; null when there is none.
absl::StatusOr<KeyPtr> TakeKey(const std::vector<PemBlock>& blocks, v1::TlsFile* file) {
  for (const PemBlock& block : blocks) {
    if (block.kind != PemBlock::Kind::kKey) continue;
    if (block.is_encrypted) {
      return Bad(
          "the private key is encrypted, which is not supported: store it without a "
          "passphrase");
    }
    KeyPtr key = ReadKey(block.text);
    if (key == nullptr) return Bad("broken private key");
    file->set_key_pem(block.text);
    return key;
  }
  return KeyPtr();
}

absl::Status LoadKey(const std::vector<PemBlock>& blocks, const CertificateParts& parts, X509* leaf,
                     v1::TlsFile* file) {
  LB_ASSIGN_OR_RETURN(KeyPtr key, TakeKey(blocks, file));
  if (key == nullptr && parts.key) {
    LB_ASSIGN_OR_RETURN(const std::vector<PemBlock> beside, SplitPem(*parts.key));
    LB_ASSIGN_OR_RETURN(key, TakeKey(beside, file));
  }
  if (key == nullptr) return Bad("no private key");
  const bool matches = X509_check_private_key(leaf, key.get()) == 1;
  ERR_clear_error();
  return matches ? absl::OkStatus()
                 : Bad("the private key does not belong to the (first) certificate");
}

// The certificate that signed the leaf, of the chain in the file or of the ".issuer" beside it.
X509Ptr FindIssuer(const std::vector<X509Ptr>& chain, const CertificateParts& parts) {
  X509* leaf = chain[0].get();
  for (const X509Ptr& candidate : chain) {
    if (X509_check_issued(candidate.get(), leaf) != X509_V_OK) continue;
    X509_up_ref(candidate.get());
    return X509Ptr(candidate.get());
  }
  X509Ptr beside = parts.issuer ? ReadCertificate(*parts.issuer) : nullptr;
  if (beside == nullptr || X509_check_issued(beside.get(), leaf) != X509_V_OK) return nullptr;
  return beside;
}

// What keeps `response` from being stapled to `leaf`; empty: nothing. Times are the clients' to
// judge, but a response that is no longer valid is of no use to any of them.
std::string WhyNotStaple(const std::string& response, X509* leaf, X509* issuer, WallTime now) {
  const auto* at = reinterpret_cast<const unsigned char*>(response.data());
  const OcspResponsePtr parsed(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(response.size())));
  if (parsed == nullptr) return "is not an OCSP response in DER";
  if (OCSP_response_status(parsed.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    return "is not of a successful OCSP request";
  }
  const OcspBasicPtr basic(OCSP_response_get1_basic(parsed.get()));
  const OcspIdPtr id(OCSP_cert_to_id(nullptr, leaf, issuer));
  if (basic == nullptr || id == nullptr) return "is not an OCSP response in DER";
  int status = 0;
  int reason = 0;
  ASN1_GENERALIZEDTIME* next_update = nullptr;
  if (OCSP_resp_count(basic.get()) != 1 ||
      OCSP_resp_find_status(basic.get(), id.get(), &status, &reason, nullptr, nullptr,
                            &next_update) != 1) {
    return "is not about this certificate alone";
  }
  if (status != V_OCSP_CERTSTATUS_GOOD) return "does not say that the certificate is good";
  std::time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  if (next_update != nullptr && X509_cmp_time(next_update, &seconds) < 0) return "has expired";
  return "";
}

absl::Status LoadOcsp(const std::vector<X509Ptr>& chain, const CertificateParts& parts,
                      WallTime now, LoadedTlsFile* loaded) {
  if (!parts.ocsp || parts.ocsp->empty()) return absl::OkStatus();
  const X509Ptr issuer = FindIssuer(chain, parts);
  if (issuer == nullptr) {
    return Bad(
        "has an '.ocsp' file beside it, but its issuer is neither in its chain nor in an "
        "'.issuer' file");
  }
  const std::string why = WhyNotStaple(*parts.ocsp, chain[0].get(), issuer.get(), now);
  ERR_clear_error();
  if (why.empty()) {
    loaded->file.set_ocsp(*parts.ocsp);
  } else {
    loaded->warnings.push_back(absl::StrCat("the '.ocsp' file beside it ", why, ": not stapled"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::TlsFile> ReadChain(std::string_view name, std::string_view pem) {
  LB_ASSIGN_OR_RETURN(const std::vector<PemBlock> blocks, SplitPem(pem));
  v1::TlsFile file = NewFile(name, v1::TlsFile::CERTIFICATE);
  LB_RETURN_IF_ERROR(TakeCertificates(blocks, &file).status());
  return file;
}

void CompleteChain(const std::vector<std::string>& chains, v1::TlsFile* file) {
  if (chains.empty()) return;
  const absl::StatusOr<std::vector<PemBlock>> blocks = SplitPem(file->pem());
  if (!blocks.ok() || blocks->size() != 1) return;
  const X509Ptr leaf = ReadCertificate(file->pem());
  for (const std::string& chain : chains) {
    const X509Ptr issuer = ReadCertificate(chain);
    if (X509_check_issued(issuer.get(), leaf.get()) != X509_V_OK) continue;
    file->mutable_pem()->append(chain);
    return;
  }
}

bool HasKey(std::string_view pem) {
  const absl::StatusOr<std::vector<PemBlock>> blocks = SplitPem(pem);
  return blocks.ok() &&
         std::ranges::find(*blocks, PemBlock::Kind::kKey, &PemBlock::kind) != blocks->end();
}

absl::StatusOr<LoadedTlsFile> ParseCertificate(std::string_view name, const CertificateParts& parts,
                                               WallTime now) {
  LB_ASSIGN_OR_RETURN(const std::vector<PemBlock> blocks, SplitPem(parts.pem));
  LoadedTlsFile loaded{NewFile(name, v1::TlsFile::CERTIFICATE), {}};
  LB_ASSIGN_OR_RETURN(const std::vector<X509Ptr> chain, TakeCertificates(blocks, &loaded.file));
  LB_RETURN_IF_ERROR(LoadKey(blocks, parts, chain[0].get(), &loaded.file));
  LB_RETURN_IF_ERROR(LoadOcsp(chain, parts, now, &loaded));
  for (const X509Ptr& certificate : chain) {
    WarnOfExpiry(
        certificate.get(),
        certificate == chain[0]
            ? "the certificate"
            : absl::StrCat("the certificate '", SubjectOf(certificate.get()), "' of its chain"),
        now, &loaded.warnings);
  }
  return loaded;
}

absl::StatusOr<LoadedTlsFile> ParseAuthorities(std::string_view name, std::string_view contents,
                                               WallTime now) {
  LB_ASSIGN_OR_RETURN(const std::vector<PemBlock> blocks, SplitPem(contents));
  LoadedTlsFile loaded{NewFile(name, v1::TlsFile::AUTHORITIES), {}};
  bool has_certificate = false;
  for (const PemBlock& block : blocks) {
    if (block.kind == PemBlock::Kind::kCertificate) {
      const X509Ptr certificate = ReadCertificate(block.text);
      if (certificate == nullptr) return Bad("broken certificate");
      WarnOfExpiry(certificate.get(),
                   absl::StrCat("the certificate '", SubjectOf(certificate.get()), "'"), now,
                   &loaded.warnings);
      has_certificate = true;
    } else if (block.kind != PemBlock::Kind::kRevocations) {
      continue;
    }
    loaded.file.mutable_pem()->append(block.text);
  }
  if (!has_certificate) return Bad("no certificate");
  return loaded;
}

absl::StatusOr<LoadedTlsFile> ParseRevocations(std::string_view name, std::string_view contents,
                                               WallTime now) {
  LB_ASSIGN_OR_RETURN(const std::vector<PemBlock> blocks, SplitPem(contents));
  LoadedTlsFile loaded{NewFile(name, v1::TlsFile::REVOCATIONS), {}};
  std::time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  for (const PemBlock& block : blocks) {
    if (block.kind != PemBlock::Kind::kRevocations) continue;
    const X509CrlPtr list = ReadRevocations(block.text);
    if (list == nullptr) return Bad("broken list of revocations");
    const ASN1_TIME* next = X509_CRL_get0_nextUpdate(list.get());
    if (next != nullptr && X509_cmp_time(next, &seconds) < 0) {
      loaded.warnings.push_back(
          "a list of revocations has expired: verification fails until it is replaced");
    }
    loaded.file.mutable_pem()->append(block.text);
  }
  if (loaded.file.pem().empty()) return Bad("no list of revocations");
  return loaded;
}

absl::StatusOr<LoadedTlsFile> ParseTicketKeys(std::string_view name, std::string_view contents) {
  size_t keys = 0;
  size_t key_bytes = 0;
  size_t number = 0;
  const std::vector<std::string> lines =
      absl::StrSplit(absl::string_view(contents.data(), contents.size()), '\n');
  for (const std::string& line : lines) {
    ++number;
    const absl::string_view text = absl::StripAsciiWhitespace(line);
    if (text.empty()) continue;
    std::string key;
    if (!absl::Base64Unescape(text, &key))
      return Bad(absl::StrCat("line ", number, " is not base64"));
    if (std::ranges::find(kTicketKeyBytes, key.size()) == std::end(kTicketKeyBytes)) {
      return Bad(absl::StrCat("the key in line ", number, " has ", key.size(),
                              " bytes (expected 48 or 80)"));
    }
    if (key_bytes != 0 && key.size() != key_bytes) {
      return Bad(absl::StrCat("the key in line ", number, " has ", key.size(),
                              " bytes, those above it ", key_bytes));
    }
    key_bytes = key.size();
    ++keys;
  }
  if (keys < kLeastTicketKeys) {
    return Bad(absl::StrCat(keys, " keys (expected at least ", kLeastTicketKeys, ")"));
  }
  LoadedTlsFile loaded{NewFile(name, v1::TlsFile::TICKET_KEYS), {}};
  loaded.file.set_pem(std::string(contents));
  return loaded;
}

absl::StatusOr<LoadedTlsFile> ParseDhParameters(std::string_view name, std::string_view contents) {
  LB_ASSIGN_OR_RETURN(const std::vector<PemBlock> blocks, SplitPem(contents));
  for (const PemBlock& block : blocks) {
    if (block.kind != PemBlock::Kind::kDhParameters) continue;
    if (!HasDhParameters(block.text)) return Bad("broken Diffie-Hellman parameters");
    LoadedTlsFile loaded{NewFile(name, v1::TlsFile::DH_PARAMETERS), {}};
    loaded.file.set_pem(block.text);
    return loaded;
  }
  return Bad("no Diffie-Hellman parameters");
}

}  // namespace lb::config
