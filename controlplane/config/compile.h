// Compile: configuration files in, a snapshot and the control plane's own settings out.
//
// The pipeline is source -> lexer -> parser -> AST -> analyzer -> model -> TLS files -> validator
// -> emitter -> snapshot. Each stage is pure: what it needs from the outside (environment
// variables, files, names) comes through Environment. Thread-safe: no shared state.
//
//   Diagnostics diagnostics;
//   auto compiled = config::Compile(files, config::Environment::Real(), &diagnostics);
//   if (!compiled) std::cerr << diagnostics.Render();
//
// Source: HAProxy 2.6 configuration manual, sections 2 to 7.
#ifndef LB_CONTROLPLANE_CONFIG_COMPILE_H_
#define LB_CONTROLPLANE_CONFIG_COMPILE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/base/diagnostics.h"
#include "lb/v1/snapshot.pb.h"

namespace lb::config {

struct SourceFile {
  std::string path;  // as named on the command line; used in messages
  std::string text;
};

// What the pipeline may ask of the outside.
struct Environment {
  // The value of an environment variable; nullopt when it is not set.
  std::function<std::optional<std::string>(std::string_view name)> getenv;
  // The whole content of a file (error pages, ACL pattern files, certificates). NOT_FOUND when
  // there is none.
  std::function<absl::StatusOr<std::string>(std::string_view path)> read_file;
  // The names of the files in a directory, in any order; folders in it are left out. An error when
  // `path` is not a directory.
  std::function<absl::StatusOr<std::vector<std::string>>(std::string_view path)> list_directory =
      [](std::string_view) { return absl::NotFoundError("no directory"); };
  // The time, for certificates that expire.
  std::function<WallTime()> now = [] { return WallTime(); };
  // Whether what serves the configuration will run as root, as far as the one who loads it does.
  bool is_root = false;
  // The addresses of a host name, port 0, preferred first. Never called for literal addresses.
  std::function<absl::StatusOr<std::vector<Address>>(std::string_view host)> resolve;

  // The process's environment, the file system and getaddrinfo(). `resolve` may block.
  static Environment Real();
};

// "stats socket": where the runtime language is spoken.
struct StatsSocket {
  std::string address;  // "unix:/path", "127.0.0.1:9999" or "fd:3"
  uint32_t mode = 0;    // permissions of a unix socket; 0: by umask
  std::string user;     // owner, by name or number; empty: unchanged
  std::string group;
  std::string level = "operator";  // "user", "operator" or "admin"
  bool expose_fd = false;          // "expose-fd listeners" was asked for
};

// What the file says about the control plane itself.
struct ControlSettings {
  std::vector<StatsSocket> stats_sockets;
  Millis stats_timeout{10'000};
  uint32_t stats_maxconn = 10;
  std::string pidfile;
  bool daemon = false;
  bool master_worker = false;
  std::string user;
  std::string group;
  std::string chroot;
  bool external_check_allowed = false;  // "external-check" in the global section
  Millis max_spread_checks{0};          // "max-spread-checks"; 0: none
};

struct Compiled {
  v1::Snapshot snapshot;  // revision 0, hash empty, servers with their health_check
  ControlSettings control;
};

// Compiles `files` in order, as if they were one. nullopt when `diagnostics` got an error;
// otherwise it may have got warnings and notices. Never throws.
std::optional<Compiled> Compile(const std::vector<SourceFile>& files, const Environment& env,
                                Diagnostics* diagnostics);

// Reads what "-f" names, in order: a file is itself, a directory is its "*.cfg" files sorted by
// name. Errors: an argument that cannot be read, a directory without any.
absl::StatusOr<std::vector<SourceFile>> ReadSources(const std::vector<std::string>& arguments);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_COMPILE_H_
