// The tables that runtime commands print: pure text of a view.
// Source: HAProxy management guide, section 9.3; column by column as a running HAProxy 2.6 has
// them.
#ifndef LB_CONTROLPLANE_SERVICE_RUNTIME_DUMPS_H_
#define LB_CONTROLPLANE_SERVICE_RUNTIME_DUMPS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/service/runtime/runtime_backend.h"

namespace lb::service {

// `show servers state [<backend>]`, format version 1. An empty name means all backends.
std::string DumpServersState(const RuntimeView& view, std::string_view backend,
                             int64_t now_unix_ms);

// `show servers conn [<backend>]`. We keep one pool a server over all data planes, so the column of
// idle connections by thread has one value.
std::string DumpServersConn(const RuntimeView& view, std::string_view backend);

// `show backend`.
std::string DumpBackends(const v1::Snapshot& snapshot);

// `show sess`: the fields we have, in HAProxy's form.
std::string DumpSessions(const std::vector<v1::SessionEntry>& sessions);

// `show stat` with its arguments after the two words. `error` gets a message when they are wrong.
std::string DumpStat(const RuntimeView& view, const std::vector<std::string>& arguments,
                     int64_t now_unix_ms, std::string* error);

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_RUNTIME_DUMPS_H_
