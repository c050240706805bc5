// What operators see of sessions, and how they end them. What takes a worker is on its thread.
#ifndef LB_DATAPLANE_SERVER_SESSION_REPORT_H_
#define LB_DATAPLANE_SERVER_SESSION_REPORT_H_

#include <cstdint>
#include <vector>

#include "dataplane/server/worker.h"
#include "lb/v1/dataplane.pb.h"
#include "lb/v1/state.pb.h"

namespace lb::server {

// Every session of the worker, for "show sess".
std::vector<v1::SessionEntry> ListSessionsOf(Worker& worker);

// For "show errors"; the node's name is left out.
v1::BadMessage ToProto(const proxy::BadMessage& message);

// Ends the worker's sessions that `order` names; how many.
uint64_t ShutdownSessionsOf(Worker& worker, const v1::ShutdownSessions& order);

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_SESSION_REPORT_H_
