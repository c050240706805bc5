// Sockets: creating, binding and connecting them, with every option a bind or server line has.
// All descriptors made here are non-blocking and close-on-exec.
#ifndef LB_COMMON_NET_SOCKET_H_
#define LB_COMMON_NET_SOCKET_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

#include "common/base/address.h"
#include "common/base/unique_fd.h"

namespace lb::net {

// Source: HAProxy configuration manual, section 5.1 "Bind options".
struct ListenOptions {
  int backlog = 1024;
  bool reuse_port = true;  // ignored for unix sockets
  bool v6only = false;
  bool transparent = false;
  std::string interface;
  std::string network_namespace;  // a name in /run/netns; empty: the process' own
  bool defer_accept = false;
  bool tcp_fast_open = false;
  uint32_t mss = 0;                  // 0: the kernel's
  uint32_t tcp_user_timeout_ms = 0;  // 0: the kernel's
  // Unix sockets only.
  uint32_t mode = 0;  // 0: by the umask
  std::string user;
  std::string group;
};

// Binds without listening: the address is taken, and no connection arrives yet.
// A unix path is first bound under a temporary name and renamed by StartListening, so that a
// predecessor's socket answers until then.
// Errors name the address: "127.0.0.1:80: Address already in use".
absl::StatusOr<UniqueFd> BindSocket(const Address& address, const ListenOptions& options);

// listen(2) and what must follow it.
absl::Status StartListening(int fd, const Address& address, const ListenOptions& options);

// BindSocket and StartListening in one.
absl::StatusOr<UniqueFd> Listen(const Address& address, const ListenOptions& options);

// ALREADY_EXISTS when another socket of this host listens on `address`, also one that would share
// it by SO_REUSEPORT. Always ok for unix sockets.
absl::Status CheckAddressFree(const Address& address, const ListenOptions& options);

struct ConnectOptions {
  Address source;  // unset: the kernel chooses
  std::string interface;
  bool tcp_keepalive = false;
  bool delay_ack = false;    // see DelayAck()
  bool transparent = false;  // `source` may be an address that is not the host's
};

// Ok when a socket of `family` may bear a foreign address: that takes CAP_NET_ADMIN.
absl::Status CheckTransparent(int family);

// Starts a connection: the descriptor becomes writable when it is made, or when it has failed
// (see ConnectError). Errors: what the kernel says at once (ENETUNREACH, no descriptors, ...).
absl::StatusOr<UniqueFd> StartConnect(const Address& address, const ConnectOptions& options);

// The errno of a finished connection attempt; 0 when it succeeded.
int ConnectError(int fd);
// What has become of an attempt already, as over loopback it has by then: 0, or an errno, which is
// told once. Unset: it goes on.
std::optional<int> ConnectOutcome(int fd);

void SetNoDelay(int fd);
void SetTcpKeepalive(int fd);
// The kernel does not acknowledge at once what comes first, but together with what is sent, as long
// as that is not long in coming; or it does again. Connections accepted from a listening socket
// inherit it.
void DelayAck(int fd, bool delays);
// Closing sends a reset instead of waiting for unsent data.
void SetResetOnClose(int fd);

}  // namespace lb::net

#endif  // LB_COMMON_NET_SOCKET_H_
