// The owning pointers of common/tls, and those that only reading configurations needs.
#ifndef LB_CONTROLPLANE_CONFIG_TLS_OPENSSL_PTR_H_
#define LB_CONTROLPLANE_CONFIG_TLS_OPENSSL_PTR_H_

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "common/tls/openssl_ptr.h"

namespace lb::config {

using tls::BioPtr;
using tls::KeyPtr;
using tls::ReadFrom;
using tls::SslContextPtr;
using tls::X509Ptr;
using X509CrlPtr = std::unique_ptr<X509_CRL, tls::FreeWith<X509_CRL_free>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, tls::FreeWith<GENERAL_NAMES_free>>;
using OcspResponsePtr = std::unique_ptr<OCSP_RESPONSE, tls::FreeWith<OCSP_RESPONSE_free>>;
using OcspBasicPtr = std::unique_ptr<OCSP_BASICRESP, tls::FreeWith<OCSP_BASICRESP_free>>;
using OcspIdPtr = std::unique_ptr<OCSP_CERTID, tls::FreeWith<OCSP_CERTID_free>>;

// What was written to a memory BIO.
std::string Written(BIO* bio);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_TLS_OPENSSL_PTR_H_
