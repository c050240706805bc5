// RuntimeSource: where the compiler gets the objects that outlive snapshots. The Registry is the
// real one. Main thread only.
#ifndef LB_DATAPLANE_SERVER_RUNTIME_SOURCE_H_
#define LB_DATAPLANE_SERVER_RUNTIME_SOURCE_H_

#include <memory>
#include <string>

#include "dataplane/upstream/backend.h"

namespace lb::server {

class RuntimeSource {
 public:
  virtual ~RuntimeSource() = default;
  // The object of that name; made when there is none yet.
  virtual std::shared_ptr<upstream::FrontendRuntime> FrontendOf(const std::string& name) = 0;
  virtual std::shared_ptr<upstream::BackendRuntime> BackendOf(const std::string& name) = 0;
};

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_RUNTIME_SOURCE_H_
