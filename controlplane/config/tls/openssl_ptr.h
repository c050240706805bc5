// Owning pointers to OpenSSL's objects, and its errors as text. Usable from any thread.
#ifndef LB_CONTROLPLANE_CONFIG_TLS_OPENSSL_PTR_H_
#define LB_CONTROLPLANE_CONFIG_TLS_OPENSSL_PTR_H_

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

namespace lb::config {

template <auto kFree>
struct OpensslFree {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using BioPtr = std::unique_ptr<BIO, OpensslFree<&BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, OpensslFree<&X509_free>>;
using X509CrlPtr = std::unique_ptr<X509_CRL, OpensslFree<&X509_CRL_free>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<&EVP_PKEY_free>>;
using SslCtxPtr = std::unique_ptr<SSL_CTX, OpensslFree<&SSL_CTX_free>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, OpensslFree<&GENERAL_NAMES_free>>;
using OcspResponsePtr = std::unique_ptr<OCSP_RESPONSE, OpensslFree<&OCSP_RESPONSE_free>>;
using OcspBasicPtr = std::unique_ptr<OCSP_BASICRESP, OpensslFree<&OCSP_BASICRESP_free>>;
using OcspIdPtr = std::unique_ptr<OCSP_CERTID, OpensslFree<&OCSP_CERTID_free>>;

// Reads from `bytes`, which must outlive it.
BioPtr ReadFrom(std::string_view bytes);
// What was written to a memory BIO.
std::string Written(BIO* bio);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_TLS_OPENSSL_PTR_H_
