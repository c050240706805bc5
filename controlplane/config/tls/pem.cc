#include "controlplane/config/tls/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace lb::config {
namespace {

PemBlock::Kind KindOf(std::string_view label) {
  if (label == PEM_STRING_X509 || label == PEM_STRING_X509_OLD ||
      label == PEM_STRING_X509_TRUSTED) {
    return PemBlock::Kind::kCertificate;
  }
  if (label == PEM_STRING_X509_CRL) return PemBlock::Kind::kRevocations;
  if (label == PEM_STRING_DHPARAMS || label == PEM_STRING_DHXPARAMS) {
    return PemBlock::Kind::kDhParameters;
  }
  return label.ends_with("PRIVATE KEY") ? PemBlock::Kind::kKey : PemBlock::Kind::kOther;
}

// Instead of OpenSSL's own, which asks at the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

}  // namespace

std::string Written(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  return size <= 0 ? std::string() : std::string(bytes, static_cast<size_t>(size));
}

absl::StatusOr<std::vector<PemBlock>> SplitPem(std::string_view contents) {
  const BioPtr in = ReadFrom(contents);
  std::vector<PemBlock> blocks;
  ERR_clear_error();
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* bytes = nullptr;
  long size = 0;
  while (PEM_read_bio(in.get(), &label, &header, &bytes, &size) == 1) {
    PemBlock block;
    block.kind = KindOf(label);
    block.is_encrypted = std::string_view(header).find("ENCRYPTED") != std::string_view::npos ||
                         std::string_view(label) == PEM_STRING_PKCS8;
    const BioPtr out(BIO_new(BIO_s_mem()));
    PEM_write_bio(out.get(), label, header, bytes, size);
    block.text = Written(out.get());
    blocks.push_back(std::move(block));
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_clear_free(bytes, static_cast<size_t>(size));
  }
  const bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!is_at_end) return absl::InvalidArgumentError("broken PEM");
  return blocks;
}

X509Ptr ReadCertificate(std::string_view pem) {
  const BioPtr in = ReadFrom(pem);
  X509Ptr certificate(PEM_read_bio_X509(in.get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  return certificate;
}

X509CrlPtr ReadRevocations(std::string_view pem) {
  const BioPtr in = ReadFrom(pem);
  X509CrlPtr list(PEM_read_bio_X509_CRL(in.get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  return list;
}

KeyPtr ReadKey(std::string_view pem) {
  const BioPtr in = ReadFrom(pem);
  KeyPtr key(PEM_read_bio_PrivateKey(in.get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  return key;
}

bool HasDhParameters(std::string_view pem) {
  const BioPtr in = ReadFrom(pem);
  const KeyPtr parameters(PEM_read_bio_Parameters(in.get(), nullptr));
  ERR_clear_error();
  return parameters != nullptr && (EVP_PKEY_get_base_id(parameters.get()) == EVP_PKEY_DH ||
                                   EVP_PKEY_get_base_id(parameters.get()) == EVP_PKEY_DHX);
}

}  // namespace lb::config
