// Trial of a TLS file that is to be replaced while serving: makes of the lines that name it what a
// data plane will make of them, so that what OpenSSL refuses only then is refused before the push.
// Pure but for OpenSSL; usable from any thread. A line with thousands of certificates takes
// seconds.
#ifndef LB_CONTROLPLANE_CONFIG_TLS_TRIAL_H_
#define LB_CONTROLPLANE_CONFIG_TLS_TRIAL_H_

#include "absl/status/status.h"

#include "lb/v1/snapshot.pb.h"

namespace lb::config {

// `snapshot` holds the file `name` of `kind` already. INVALID_ARGUMENT: what OpenSSL says, and of
// which proxy's line.
absl::Status TryTlsFile(const v1::Snapshot& snapshot, v1::TlsFile::Kind kind,
                        const std::string& name);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_TLS_TRIAL_H_
