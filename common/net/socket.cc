#include "common/net/socket.h"

#include <fcntl.h>
#include <grp.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"

#include "common/base/check.h"
#include "common/base/status.h"

namespace lb::net {
namespace {

void SetFlag(int fd, int level, int option) {
  int one = 1;
  setsockopt(fd, level, option, &one, sizeof(one));
}

absl::Status SetOption(int fd, int level, int option, int value, const char* name) {
  if (setsockopt(fd, level, option, &value, sizeof(value)) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, name);
}

absl::StatusOr<UniqueFd> NewSocket(int family) {
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return ErrnoStatus(errno, "socket");
  return fd;
}

// A socket belongs to the namespace its thread is in when it is made, whatever comes later.
absl::StatusOr<UniqueFd> NewSocketIn(const std::string& network_namespace, int family) {
  if (network_namespace.empty()) return NewSocket(family);
  const std::string what = absl::StrCat("namespace ", network_namespace);
  UniqueFd own(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!own.valid()) return ErrnoStatus(errno, what);
  UniqueFd other(
      ::open(absl::StrCat("/run/netns/", network_namespace).c_str(), O_RDONLY | O_CLOEXEC));
  if (!other.valid()) return ErrnoStatus(errno, what);
  if (::setns(other.get(), CLONE_NEWNET) != 0) return ErrnoStatus(errno, what);
  absl::StatusOr<UniqueFd> fd = NewSocket(family);
  // Staying there would put every later socket of the thread into the wrong place.
  LB_CHECK(::setns(own.get(), CLONE_NEWNET) == 0);
  return fd;
}

absl::Status BindToInterface(int fd, const std::string& interface) {
  if (interface.empty()) return absl::OkStatus();
  if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                 static_cast<socklen_t>(interface.size() + 1)) == 0) {
    return absl::OkStatus();
  }
  return ErrnoStatus(errno, absl::StrCat("interface ", interface));
}

absl::Status SetTransparent(int fd, int family) {
  if (family == AF_INET6) return SetOption(fd, SOL_IPV6, IPV6_TRANSPARENT, 1, "transparent");
  return SetOption(fd, SOL_IP, IP_TRANSPARENT, 1, "transparent");
}

absl::Status SetIpOptions(int fd, const Address& address, const ListenOptions& options) {
  SetFlag(fd, SOL_SOCKET, SO_REUSEADDR);
  if (options.reuse_port) SetFlag(fd, SOL_SOCKET, SO_REUSEPORT);
  if (address.family() == AF_INET6) {
    LB_RETURN_IF_ERROR(SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.v6only ? 1 : 0, "v6only"));
  }
  if (options.transparent) LB_RETURN_IF_ERROR(SetTransparent(fd, address.family()));
  LB_RETURN_IF_ERROR(BindToInterface(fd, options.interface));
  if (options.mss != 0) {
    LB_RETURN_IF_ERROR(
        SetOption(fd, IPPROTO_TCP, TCP_MAXSEG, static_cast<int>(options.mss), "mss"));
  }
  if (options.tcp_user_timeout_ms != 0) {
    LB_RETURN_IF_ERROR(SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
                                 static_cast<int>(options.tcp_user_timeout_ms), "tcp-ut"));
  }
  if (options.defer_accept) {
    LB_RETURN_IF_ERROR(SetOption(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 60, "defer-accept"));
  }
  return absl::OkStatus();
}

// Where a unix socket is bound until StartListening() renames it.
std::string TemporaryPath(const Address& address) {
  return absl::StrCat(address.UnixPath(), ".", getpid(), ".tmp");
}

bool IsUnixFile(const Address& address) {
  return address.is_unix() && address.UnixPath().substr(0, 1) != "@";
}

absl::Status ApplyOwner(const std::string& path, const ListenOptions& options) {
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
  if (!options.user.empty()) {
    const passwd* user = getpwnam(options.user.c_str());
    if (user == nullptr) return absl::NotFoundError(absl::StrCat("no user '", options.user, "'"));
    uid = user->pw_uid;
  }
  if (!options.group.empty()) {
    const group* entry = getgrnam(options.group.c_str());
    if (entry == nullptr) {
      return absl::NotFoundError(absl::StrCat("no group '", options.group, "'"));
    }
    gid = entry->gr_gid;
  }
  if (options.mode != 0 && chmod(path.c_str(), options.mode) != 0) {
    return ErrnoStatus(errno, absl::StrCat("mode of ", path));
  }
  if ((!options.user.empty() || !options.group.empty()) && chown(path.c_str(), uid, gid) != 0) {
    return ErrnoStatus(errno, absl::StrCat("owner of ", path));
  }
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> BindUnixFile(const Address& address, const ListenOptions& options) {
  const std::string temporary = TemporaryPath(address);
  LB_ASSIGN_OR_RETURN(Address bind_address, Address::FromUnixPath(temporary));
  LB_ASSIGN_OR_RETURN(UniqueFd fd, NewSocket(AF_UNIX));
  unlink(temporary.c_str());
  if (::bind(fd.get(), bind_address.sa(), bind_address.length()) != 0) {
    return ErrnoStatus(errno, address.ToString());
  }
  if (absl::Status status = ApplyOwner(temporary, options); !status.ok()) {
    unlink(temporary.c_str());
    return WithContext(status, address.ToString());
  }
  return fd;
}

}  // namespace

absl::StatusOr<UniqueFd> BindSocket(const Address& address, const ListenOptions& options) {
  if (IsUnixFile(address)) return BindUnixFile(address, options);
  absl::StatusOr<UniqueFd> made = NewSocketIn(options.network_namespace, address.family());
  if (!made.ok()) return WithContext(made.status(), address.ToString());
  UniqueFd fd = *std::move(made);
  if (address.is_ip()) {
    if (absl::Status s = SetIpOptions(fd.get(), address, options); !s.ok()) {
      return WithContext(s, address.ToString());
    }
  }
  if (::bind(fd.get(), address.sa(), address.length()) != 0) {
    return ErrnoStatus(errno, address.ToString());
  }
  return fd;
}

absl::Status StartListening(int fd, const Address& address, const ListenOptions& options) {
  if (address.is_ip() && options.tcp_fast_open) {
    LB_RETURN_IF_ERROR(SetOption(fd, IPPROTO_TCP, TCP_FASTOPEN, options.backlog, "tfo"));
  }
  if (::listen(fd, options.backlog) != 0) return ErrnoStatus(errno, address.ToString());
  if (IsUnixFile(address) &&
      std::rename(TemporaryPath(address).c_str(), address.UnixPath().c_str()) != 0) {
    return ErrnoStatus(errno, address.ToString());
  }
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> Listen(const Address& address, const ListenOptions& options) {
  LB_ASSIGN_OR_RETURN(UniqueFd fd, BindSocket(address, options));
  LB_RETURN_IF_ERROR(StartListening(fd.get(), address, options));
  return fd;
}

absl::Status CheckAddressFree(const Address& address, const ListenOptions& options) {
  if (!address.is_ip() || address.port() == 0) return absl::OkStatus();
  // Without SO_REUSEPORT the kernel refuses an address on which anybody listens.
  ListenOptions alone = options;
  alone.reuse_port = false;
  return BindSocket(address, alone).status();
}

absl::Status CheckTransparent(int family) {
  LB_ASSIGN_OR_RETURN(UniqueFd fd, NewSocket(family));
  return SetTransparent(fd.get(), family);
}

absl::StatusOr<UniqueFd> StartConnect(const Address& address, const ConnectOptions& options) {
  LB_ASSIGN_OR_RETURN(UniqueFd fd, NewSocket(address.family()));
  if (address.is_ip()) {
    SetNoDelay(fd.get());
    if (options.tcp_keepalive) SetTcpKeepalive(fd.get());
    if (options.delay_ack) DelayAck(fd.get(), true);
    LB_RETURN_IF_ERROR(BindToInterface(fd.get(), options.interface));
    if (options.transparent) LB_RETURN_IF_ERROR(SetTransparent(fd.get(), address.family()));
    if (options.source.is_ip()) {
      // Many connections may share a source address: leave the port to connect(2).
      SetFlag(fd.get(), SOL_IP, IP_BIND_ADDRESS_NO_PORT);
      // The client's own port may be in use with another server.
      if (options.transparent) SetFlag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
      if (::bind(fd.get(), options.source.sa(), options.source.length()) != 0) {
        return ErrnoStatus(errno, absl::StrCat("source ", options.source.ToString()));
      }
    }
  }
  if (::connect(fd.get(), address.sa(), address.length()) != 0 && errno != EINPROGRESS) {
    return ErrnoStatus(errno, address.ToString());
  }
  return fd;
}

int ConnectError(int fd) {
  int error = 0;
  socklen_t length = sizeof(error);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

std::optional<int> ConnectOutcome(int fd) {
  if (::send(fd, "", 0, MSG_NOSIGNAL | MSG_DONTWAIT) == 0) return 0;
  if (errno == EAGAIN) return std::nullopt;
  return errno;
}

void DelayAck(int fd, bool delays) {
  const int is_quick = delays ? 0 : 1;
  setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &is_quick, sizeof(is_quick));
}

void SetNoDelay(int fd) { SetFlag(fd, IPPROTO_TCP, TCP_NODELAY); }
void SetTcpKeepalive(int fd) { SetFlag(fd, SOL_SOCKET, SO_KEEPALIVE); }
void SetResetOnClose(int fd) {
  linger reset{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

}  // namespace lb::net
