// Owning pointers for OpenSSL's objects, and what its error queue says.
#ifndef LB_COMMON_TLS_OPENSSL_PTR_H_
#define LB_COMMON_TLS_OPENSSL_PTR_H_

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

namespace lb::tls {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using SslPtr = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using SslSessionPtr = std::unique_ptr<SSL_SESSION, FreeWith<SSL_SESSION_free>>;
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

// A BIO that reads `text`, which must outlive it.
BioPtr ReadFrom(std::string_view text);

// The reason of the oldest error in this thread's queue, which is emptied: "no start line".
// "unknown error" when there is none.
std::string TakeError();

}  // namespace lb::tls

#endif  // LB_COMMON_TLS_OPENSSL_PTR_H_
