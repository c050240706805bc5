// Sockets: the listening sockets of the process, across snapshots, in two phases. Main thread only.
//
//   Prepare(config)   takes the addresses that `config` has and we have not; nobody can connect yet
//   Commit()          starts to listen on them
//   ReleaseUnused()   closes what the committed config has no more, once no worker accepts there
//   Abort()           instead of Commit(): gives back what Prepare() took
//
// An IP address has one socket a worker (SO_REUSEPORT), so that the kernel spreads connections.
// Unix sockets, inherited descriptors and port 0 are one socket that all workers accept from.
#ifndef LB_DATAPLANE_SERVER_SOCKETS_H_
#define LB_DATAPLANE_SERVER_SOCKETS_H_

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/unique_fd.h"
#include "dataplane/proxy/config.h"
#include "dataplane/server/problem.h"

namespace lb::server {

// One place where workers accept.
struct ListenPoint {
  std::string key;  // BindConfig::key, told apart when two binds of one config have the same
  std::shared_ptr<const proxy::FrontendConfig> frontend;
  size_t bind = 0;  // index in frontend->binds

  const proxy::BindConfig& config() const { return frontend->binds[bind]; }
};

// In file order.
std::vector<ListenPoint> ListenPointsOf(const proxy::Config& config);

class Sockets {
 public:
  explicit Sockets(size_t workers) : workers_(workers) {}
  ~Sockets();
  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;

  // Takes what is missing. On a problem nothing is taken. A Prepare() without its Commit() must
  // have been aborted before.
  std::optional<Problem> Prepare(const proxy::Config& config);
  // Listens. Returns where workers are to accept: all of the prepared config, but for what cannot
  // be listened on any more although it was free a moment ago; that is logged.
  std::vector<ListenPoint> Commit();
  void Abort();
  void ReleaseUnused();

  // Where `worker` accepts for a listen point that Commit() returned.
  int fd(const std::string& key, size_t worker) const;

 private:
  struct Held {
    std::string label;  // "frontend www, bind *:80"
    Address address;    // unset for inherited descriptors
    int backlog = 0;
    std::vector<UniqueFd> fds;  // one, or one a worker
    // The file of a unix socket, to unlink only our own.
    dev_t file_device = 0;
    ino_t file_inode = 0;
  };

  absl::Status CheckFree(const proxy::BindConfig& bind) const;
  absl::StatusOr<Held> Take(const proxy::BindConfig& bind) const;
  absl::Status StartListening(const proxy::BindConfig& bind, Held* held) const;
  static void Unlink(const Held& held);

  const size_t workers_;
  std::map<std::string, Held> held_;      // listening
  std::map<std::string, Held> prepared_;  // bound, not listening
  std::vector<ListenPoint> next_;         // of the prepared config
  std::set<std::string> wanted_;          // keys of the committed config
};

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_SOCKETS_H_
