// Lookup: what fetches like nbsrv() ask, answered for one worker from what serves and the worker's
// own views. Used on that worker's thread only.
#ifndef LB_DATAPLANE_SERVER_LOOKUP_H_
#define LB_DATAPLANE_SERVER_LOOKUP_H_

#include <memory>
#include <optional>

#include "dataplane/rules/context.h"
#include "dataplane/server/registry.h"

namespace lb::server {

class Lookup : public rules::ProxyLookup {
 public:
  explicit Lookup(size_t worker) : worker_(worker) {}
  void Set(std::shared_ptr<const ServingSet> serving) { serving_ = std::move(serving); }

  std::optional<FrontendFacts> FindFrontend(FrontendId id) const override;
  std::optional<BackendFacts> FindBackend(BackendId id) const override;
  std::optional<ServerFacts> FindServer(ServerId id) const override;

 private:
  const size_t worker_;
  std::shared_ptr<const ServingSet> serving_;  // null: nothing serves yet
};

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_LOOKUP_H_
