// Validator: what only the whole model can tell: references between proxies, names used twice,
// keywords that do not fit the mode, settings that are missing. Pure.
#ifndef LB_CONTROLPLANE_CONFIG_VALIDATOR_H_
#define LB_CONTROLPLANE_CONFIG_VALIDATOR_H_

#include "common/base/diagnostics.h"
#include "controlplane/config/model.h"

namespace lb::config {

// Reports, and removes from `model` what is ignored (with a warning) for its proxy's mode.
void Validate(Model* model, Diagnostics* diagnostics);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_VALIDATOR_H_
