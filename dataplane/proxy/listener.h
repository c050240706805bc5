// Listener: one worker's accepting end of one bind. Accepts while the limits allow, starts a
// session for each connection, and resumes by itself when a limit no longer holds it back.
//
// Does not own the socket: dataplane/server does. One worker's thread.
#ifndef LB_DATAPLANE_PROXY_LISTENER_H_
#define LB_DATAPLANE_PROXY_LISTENER_H_

#include <memory>

#include "common/event/event_loop.h"
#include "dataplane/proxy/config.h"
#include "dataplane/proxy/worker_context.h"

namespace lb::proxy {

class Listener {
 public:
  // Starts to accept on `fd`, which is listening and non-blocking. `bind` is an index in
  // `frontend->binds`.
  Listener(WorkerContext* worker, std::shared_ptr<const FrontendConfig> frontend, size_t bind,
           int fd);
  ~Listener();

  // The frontend's configuration changed, the socket did not.
  void Update(std::shared_ptr<const FrontendConfig> frontend, size_t bind);

  // Accepts what is already in the kernel's queue, then stops accepting for good.
  void Stop();

 private:
  class Acceptor;

  std::unique_ptr<Acceptor> acceptor_;
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_LISTENER_H_
