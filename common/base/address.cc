#include "common/base/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"

#include "common/base/status.h"

namespace lb {
namespace {

absl::StatusOr<uint16_t> ParsePort(std::string_view text) {
  uint32_t port = 0;
  auto [ptr, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (ec != std::errc() || ptr != text.data() + text.size() || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", std::string(text), "' is not a port (0 to 65535)"));
  }
  return static_cast<uint16_t>(port);
}

}  // namespace

absl::StatusOr<Address> Address::FromIp(std::string_view ip, uint16_t port) {
  if (ip.size() >= 2 && ip.front() == '[' && ip.back() == ']') ip = ip.substr(1, ip.size() - 2);
  std::string text(ip);
  Address address;
  if (text.empty() || text == "*") text = "0.0.0.0";
  if (inet_pton(AF_INET, text.c_str(), &address.storage_.in4.sin_addr) == 1) {
    address.storage_.in4.sin_family = AF_INET;
    address.storage_.in4.sin_port = htons(port);
    address.length_ = sizeof(sockaddr_in);
    return address;
  }
  if (inet_pton(AF_INET6, text.c_str(), &address.storage_.in6.sin6_addr) == 1) {
    address.storage_.in6.sin6_family = AF_INET6;
    address.storage_.in6.sin6_port = htons(port);
    address.length_ = sizeof(sockaddr_in6);
    return address;
  }
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' is not an IP address"));
}

absl::StatusOr<Address> Address::FromUnixPath(std::string_view path) {
  sockaddr_un un{};
  if (path.empty() || path.size() >= sizeof(un.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("unix socket path '", std::string(path),
                                                   "' must have 1 to ", sizeof(un.sun_path) - 1,
                                                   " bytes"));
  }
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, path.data(), path.size());
  const bool abstract = path.front() == '@';
  if (abstract) un.sun_path[0] = '\0';
  // An abstract name is as long as its length says; a path ends with a zero byte.
  const size_t length = offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1);
  return FromSockaddr(reinterpret_cast<const sockaddr*>(&un), static_cast<socklen_t>(length));
}

absl::StatusOr<Address> Address::Parse(std::string_view text) {
  if (text.substr(0, 5) == "unix:") return FromUnixPath(text.substr(5));
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", std::string(text), "' has no port (expected ADDRESS:PORT or unix:PATH)"));
  }
  LB_ASSIGN_OR_RETURN(uint16_t port, ParsePort(text.substr(colon + 1)));
  return FromIp(text.substr(0, colon), port);
}

Address Address::FromSockaddr(const sockaddr* sa, socklen_t length) {
  Address address;
  if (sa->sa_family == AF_UNIX) {
    address.storage_.sa.sa_family = AF_UNIX;
    address.length_ = std::min<socklen_t>(length, sizeof(sockaddr_un));
    if (address.length_ > offsetof(sockaddr_un, sun_path)) {
      address.path_ = std::make_unique<sockaddr_un>();
      std::memcpy(address.path_.get(), sa, address.length_);
    }
    return address;
  }
  address.length_ = std::min<socklen_t>(length, sizeof(address.storage_));
  std::memcpy(&address.storage_, sa, address.length_);
  return address;
}

namespace {

// What getpeername() or getsockname() says.
Address NameOf(int fd, int (*ask)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  if (ask(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return Address();
  return Address::FromSockaddr(reinterpret_cast<sockaddr*>(&storage), length);
}

}  // namespace

Address Address::PeerOf(int fd) { return NameOf(fd, ::getpeername); }

Address Address::LocalOf(int fd) { return NameOf(fd, ::getsockname); }

bool Address::is_any() const {
  if (family() == AF_INET) return storage_.in4.sin_addr.s_addr == htonl(INADDR_ANY);
  return family() == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&storage_.in6.sin6_addr) != 0;
}

uint16_t Address::port() const {
  if (family() == AF_INET) return ntohs(storage_.in4.sin_port);
  if (family() == AF_INET6) return ntohs(storage_.in6.sin6_port);
  return 0;
}

void Address::set_port(uint16_t port) {
  if (family() == AF_INET) storage_.in4.sin_port = htons(port);
  if (family() == AF_INET6) storage_.in6.sin6_port = htons(port);
}

std::string Address::Ip() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) inet_ntop(AF_INET, &storage_.in4.sin_addr, text, sizeof(text));
  if (family() == AF_INET6) inet_ntop(AF_INET6, &storage_.in6.sin6_addr, text, sizeof(text));
  if (family() == AF_UNIX) return "unix";
  return text;
}

std::string Address::UnixPath() const {
  if (path_ == nullptr) return "";
  std::string path(path_->sun_path, length_ - offsetof(sockaddr_un, sun_path));
  if (path.front() == '\0') {
    path.front() = '@';
    return path;
  }
  return path.substr(0, path.find('\0'));
}

std::string Address::ToString() const {
  if (family() == AF_INET) return absl::StrCat(Ip(), ":", port());
  if (family() == AF_INET6) return absl::StrCat("[", Ip(), "]:", port());
  if (family() == AF_UNIX) return absl::StrCat("unix:", UnixPath());
  return "";
}

bool operator==(const Address& a, const Address& b) {
  return a.length_ == b.length_ && std::memcmp(a.sa(), b.sa(), a.length_) == 0;
}

}  // namespace lb
