// The health check of one server: its own keywords over those of its proxy. Pure.
#ifndef LB_CONTROLPLANE_CONFIG_CHECK_EMITTER_H_
#define LB_CONTROLPLANE_CONFIG_CHECK_EMITTER_H_

#include "controlplane/config/model.h"
#include "lb/v1/snapshot.pb.h"

namespace lb::config {

v1::HealthCheck EmitHealthCheck(const Proxy& proxy, const Server& server);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_CHECK_EMITTER_H_
