// Emitter: model to snapshot. Derives what the wire wants in the end: log formats parsed, "log
// global" replaced, checks resolved for each server, numbers given. Pure.
#ifndef LB_CONTROLPLANE_CONFIG_EMITTER_H_
#define LB_CONTROLPLANE_CONFIG_EMITTER_H_

#include "common/base/diagnostics.h"
#include "controlplane/config/model.h"
#include "lb/v1/snapshot.pb.h"

namespace lb::config {

// Revision and hash stay empty. Reports log formats that do not parse and names whose 64-bit
// identities collide.
v1::Snapshot Emit(const Model& model, Diagnostics* diagnostics);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_EMITTER_H_
