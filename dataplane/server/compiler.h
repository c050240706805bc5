// Compile: a snapshot -> the Config that workers use. Runs on the main thread, once per snapshot;
// has no effects but new runtime objects in the RuntimeSource.
//
// A section whose message is the same as in the snapshot before is not compiled again: both Configs
// share the object, and so everything that hangs on it goes on untouched.
#ifndef LB_DATAPLANE_SERVER_COMPILER_H_
#define LB_DATAPLANE_SERVER_COMPILER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "dataplane/proxy/config.h"
#include "dataplane/server/problem.h"
#include "dataplane/server/runtime_source.h"
#include "dataplane/server/tls_compiler.h"
#include "lb/v1/snapshot.pb.h"

namespace lb::server {

// What holds for the life of the process, whatever a snapshot says.
struct ProcessLimits {
  uint32_t workers = 1;
  size_t buffer_bytes = 16384;
  uint32_t max_descriptors = 1024;  // RLIMIT_NOFILE
};

// "tune.bufsize" of `global`.
size_t BufferBytesOf(const v1::Global& global);

// Connections that `max_descriptors` allow: two each, less what the process itself needs.
uint32_t MaxConnectionsOf(uint32_t max_descriptors);

struct CompileInput {
  const v1::Snapshot* snapshot = nullptr;
  ProcessLimits limits;
  RuntimeSource* runtimes = nullptr;
  // The snapshot that is served now and what it was compiled to; null: none.
  const v1::Snapshot* previous = nullptr;
  std::shared_ptr<const proxy::Config> previous_config;
  std::shared_ptr<const tls::TicketKeys> ticket_keys;  // null: each context has its own
};

// Either `config`, or why there is none.
struct Compiled {
  std::shared_ptr<const proxy::Config> config;
  Problem problem;
};

Compiled Compile(const CompileInput& input);

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_COMPILER_H_
