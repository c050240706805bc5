// Target: one server to be checked, and how. A plain value, made from a snapshot.
#ifndef LB_CONTROLPLANE_CHECKS_TARGET_H_
#define LB_CONTROLPLANE_CHECKS_TARGET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/snapshot/tls_files.h"
#include "common/tls/client_context.h"
#include "lb/v1/snapshot.pb.h"

namespace lb::checks {

struct Target {
  ServerId id = 0;
  std::string backend;
  std::string server;
  uint32_t backend_number = 0;  // HAProxy's "iid"
  uint32_t server_number = 0;   // HAProxy's "sid"
  uint32_t maxconn = 0;
  uint32_t send_proxy = 0;     // PROXY protocol version before the check's bytes; 0: none
  bool is_http = false;        // the backend's mode
  std::string server_address;  // as v1::Server.address; check.address() is where the check goes
  v1::HealthCheck check;
  std::shared_ptr<tls::ClientContext> tls;  // null: plain
  std::string tls_error;                    // why there is none although check.tls() is there
  size_t tls_files_hash = 0;                // of the files that `tls` was made from

  static Target Of(const v1::Backend& backend, const v1::Server& server, const TlsFiles& files);

  // An operator's "set server ... addr": traffic and checks go there. The port of a check that has
  // its own address or port ("addr", "port") stays.
  void SetAddress(const std::string& address);

  // Whether a check of `other` would do the very same thing, intervals aside.
  bool ChecksLike(const Target& other) const;
  bool HasIntervalsOf(const Target& other) const;
};

// The servers of `snapshot` that have a health check, in file order.
std::vector<Target> TargetsOf(const v1::Snapshot& snapshot);

// When a check that starts at `start` must be connected, and, once connected at `connected`, when
// it must be over.
// Source: HAProxy configuration manual, "timeout check".
SteadyTime ConnectDeadline(const v1::HealthCheck& check, SteadyTime start);
SteadyTime AnswerDeadline(const v1::HealthCheck& check, SteadyTime start, SteadyTime connected);

}  // namespace lb::checks

#endif  // LB_CONTROLPLANE_CHECKS_TARGET_H_
