// ResolveTls: from what the lines say about TLS to what the snapshot says. The stage between the
// analyzer and the validator: defaults of the global section apply wherever that section stands,
// files are read, everything is tried on OpenSSL.
#ifndef LB_CONTROLPLANE_CONFIG_TLS_RESOLVE_H_
#define LB_CONTROLPLANE_CONFIG_TLS_RESOLVE_H_

#include "common/base/diagnostics.h"
#include "controlplane/config/compile.h"
#include "controlplane/config/model.h"

namespace lb::config {

// Fills Bind::settings.tls, Server::tls, Server::check_tls, Model::global.tls and Model::tls_files.
void ResolveTls(const Environment& env, Model* model, Diagnostics* diagnostics);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_TLS_RESOLVE_H_
