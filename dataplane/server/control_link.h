// ControlLink: a data plane's way to its control plane while there is a session, whatever carries
// it. Main thread only.
#ifndef LB_DATAPLANE_SERVER_CONTROL_LINK_H_
#define LB_DATAPLANE_SERVER_CONTROL_LINK_H_

#include <string>

#include "lb/v1/dataplane.pb.h"

namespace lb::server {

class ControlLink {
 public:
  virtual ~ControlLink() = default;
  // Queues `message`; messages arrive in the order of the calls, or not at all when the session
  // ends.
  virtual void Send(v1::FromDataPlane message) = 0;
};

// Told what happens to the session with the control plane. The link is valid from OnConnected() to
// OnDisconnected().
class ControlObserver {
 public:
  virtual ~ControlObserver() = default;
  // A session may be there: the first message decides. To be answered with a Hello.
  virtual void OnConnected(ControlLink* link) = 0;
  virtual void OnMessage(const v1::ToDataPlane& message) = 0;
  virtual void OnDisconnected(const std::string& reason) = 0;
};

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_CONTROL_LINK_H_
