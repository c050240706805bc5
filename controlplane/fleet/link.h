// Link: the way to one data plane, as the fleet sees it. The gRPC stream implements it, tests fake
// it. Lives on the loop's thread; what it does behind is its own matter.
#ifndef LB_CONTROLPLANE_FLEET_LINK_H_
#define LB_CONTROLPLANE_FLEET_LINK_H_

#include <memory>
#include <optional>
#include <string>

#include "lb/v1/dataplane.pb.h"

namespace lb::fleet {

// One message may go to a thousand nodes: it is built once and shared.
using Outgoing = std::shared_ptr<const v1::ToDataPlane>;

class Link {
 public:
  virtual ~Link() = default;

  // Queues `message`; messages arrive in the order of the calls.
  virtual void Send(Outgoing message) = 0;
  // Ends the stream after what is queued. The fleet forgets the link afterwards.
  virtual void Close() = 0;
  // The other end, for people: "10.0.0.7:41234", "in-process".
  virtual std::string peer() const = 0;
  // Nobody else can listen: certificates and their keys may be sent.
  virtual bool is_protected() const { return true; }
  // The only node that the other end's certificate lets it be; empty: none at all, for it is not a
  // data plane's. nullopt: any, since the channel has no certificates.
  virtual std::optional<std::string> certified_node() const { return std::nullopt; }
};

}  // namespace lb::fleet

#endif  // LB_CONTROLPLANE_FLEET_LINK_H_
