// RuntimeServer: the sockets on which the runtime language is spoken ("stats socket").
//
// Lives on the controller's event loop thread, which must outlive it. Open conversations are cut
// when it is destroyed; a command under way is still carried out.
#ifndef LB_CONTROLPLANE_SERVICE_RUNTIME_RUNTIME_SERVER_H_
#define LB_CONTROLPLANE_SERVICE_RUNTIME_RUNTIME_SERVER_H_

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "common/base/clock.h"
#include "common/base/unique_fd.h"
#include "common/event/event_loop.h"
#include "controlplane/service/runtime/commands.h"

namespace lb::service {

// One "stats socket" line.
struct RuntimeSocket {
  std::string address;  // "unix:/path", "127.0.0.1:9999", "[::1]:9999" or "fd:3" (listening)
  uint32_t mode = 0;    // of a unix socket; 0: by the umask
  std::string user;     // its owner, by name or number; empty: unchanged
  std::string group;
  AccessLevel level = AccessLevel::kOperator;

  friend bool operator==(const RuntimeSocket&, const RuntimeSocket&) = default;
};

struct RuntimeServerSettings {
  std::vector<RuntimeSocket> sockets;
  Millis timeout{10'000};         // "stats timeout": of silence, in either direction
  uint32_t max_connections = 10;  // "stats maxconn"
};

class RuntimeServer {
 public:
  // Both are borrowed.
  RuntimeServer(event::EventLoop* loop, RuntimeCommands* commands);
  ~RuntimeServer();
  RuntimeServer(const RuntimeServer&) = delete;
  RuntimeServer& operator=(const RuntimeServer&) = delete;

  // Makes `settings` the ones in use. Sockets that stay are not touched, their conversations go on;
  // when a new one cannot be opened, nothing changes. Errors name the socket.
  absl::Status Configure(const RuntimeServerSettings& settings);

  size_t open_connections() const { return connections_.size(); }

 private:
  class Listener;
  class Connection;

  void Begin(UniqueFd fd, const RuntimeSocket& socket);
  void Remove(Connection* connection);

  event::EventLoop* const loop_;
  RuntimeCommands* const commands_;
  RuntimeServerSettings settings_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::list<std::unique_ptr<Connection>> connections_;
  // Expires with this object: what is posted to the loop looks at it first.
  std::shared_ptr<RuntimeServer*> self_;
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_RUNTIME_RUNTIME_SERVER_H_
