// The gRPC side of the Admin service: each call is posted to the loop, and answered from there.
#ifndef LB_CONTROLPLANE_SERVICE_GRPC_ADMIN_H_
#define LB_CONTROLPLANE_SERVICE_GRPC_ADMIN_H_

#include <functional>
#include <memory>
#include <string>

#include "controlplane/service/controller.h"

namespace grpc {
class Service;
}

namespace lb::service {

// Runs one line of the runtime socket's language as an administrator; loop thread.
using RunCommandFunction = std::function<void(const std::string& line, const v1::Origin& origin,
                                              std::function<void(std::string)> done)>;

class AdminService {
 public:
  virtual ~AdminService() = default;
  virtual grpc::Service* service() = 0;
  // Answers every call under way, and every later one, with UNAVAILABLE. Loop thread; the loop
  // must run on until the server is shut down.
  virtual void Stop() = 0;
};

// `controller` is borrowed: it outlives the server that the service is registered with.
std::unique_ptr<AdminService> MakeAdminService(Controller* controller,
                                               RunCommandFunction run_command);

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_GRPC_ADMIN_H_
