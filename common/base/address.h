// Address: an IPv4, IPv6 or unix socket address, as a value. Also knows its text form.
// Parsing is of literal addresses only; names are resolved by the control plane's config room.
#ifndef LB_COMMON_BASE_ADDRESS_H_
#define LB_COMMON_BASE_ADDRESS_H_

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace lb {

class Address {
 public:
  // An empty address: family() is AF_UNSPEC.
  Address() { storage_.sa.sa_family = AF_UNSPEC; }
  Address(const Address& other) : storage_(other.storage_), length_(other.length_) {
    if (other.path_ != nullptr) path_ = std::make_unique<sockaddr_un>(*other.path_);
  }
  Address& operator=(const Address& other) {
    if (this != &other) *this = Address(other);
    return *this;
  }
  Address(Address&&) = default;
  Address& operator=(Address&&) = default;

  // `ip` is "127.0.0.1", "::1", "[::1]", "*" (any IPv4) or "" (any IPv4).
  static absl::StatusOr<Address> FromIp(std::string_view ip, uint16_t port);
  // A filesystem path, or "@name" for Linux's abstract namespace. At most 107 bytes.
  static absl::StatusOr<Address> FromUnixPath(std::string_view path);
  // The inverse of ToString(): "1.2.3.4:80", "[::1]:80", "unix:/path".
  static absl::StatusOr<Address> Parse(std::string_view text);
  static Address FromSockaddr(const sockaddr* sa, socklen_t length);

  // The peer's and the local address of a connected socket; AF_UNSPEC when the kernel has none.
  static Address PeerOf(int fd);
  static Address LocalOf(int fd);

  int family() const { return storage_.sa.sa_family; }
  bool is_ip() const { return family() == AF_INET || family() == AF_INET6; }
  bool is_unix() const { return family() == AF_UNIX; }
  bool is_any() const;  // 0.0.0.0 or ::
  const sockaddr* sa() const {
    return path_ != nullptr ? reinterpret_cast<const sockaddr*>(path_.get()) : &storage_.sa;
  }
  socklen_t length() const { return length_; }

  uint16_t port() const;         // host byte order; 0 for unix
  void set_port(uint16_t port);  // no effect on unix
  std::string Ip() const;        // "127.0.0.1", "::1"; "unix" for unix sockets
  std::string UnixPath() const;  // "" for IP
  std::string ToString() const;  // "127.0.0.1:80", "[::1]:80", "unix:/path", "" when unset

  friend bool operator==(const Address& a, const Address& b);

 private:
  // Small, since every connection and exchange holds some: a path lies apart.
  union {
    sockaddr sa;
    sockaddr_in in4;
    sockaddr_in6 in6;
  } storage_ = {};
  socklen_t length_ = 0;
  std::unique_ptr<sockaddr_un> path_;  // with AF_UNIX; null for a socket without a name
};

}  // namespace lb

#endif  // LB_COMMON_BASE_ADDRESS_H_
