// RuntimeBackend: what the runtime-socket language needs of the control plane. The controller
// implements it; RuntimeCommands (commands.h) is the only caller.
//
// Asynchronous, because a reply may have to wait for the disk and for every data plane. Calls are
// made on the controller's event loop thread, and `done` must run on that thread, once, either
// before the call returns or later. A `done` whose connection has gone in the meantime does
// nothing.
#ifndef LB_CONTROLPLANE_SERVICE_RUNTIME_RUNTIME_BACKEND_H_
#define LB_CONTROLPLANE_SERVICE_RUNTIME_RUNTIME_BACKEND_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "common/base/ids.h"
#include "common/stats/row.h"
#include "lb/v1/snapshot.pb.h"
#include "lb/v1/state.pb.h"

namespace lb::service {

// Who gave a command, for the history.
struct CommandOrigin {
  std::string user;     // "root"; empty: not known
  std::string host;     // "10.0.0.9:41234", "unix:/run/lb.sock"
  std::string program;  // "runtime socket", "lbctl"
};

// What serves now. `snapshot`, `states` and `backends` are of one
// moment; `counters` are the fleet's sums,
// and empty unless they were asked for.
struct RuntimeView {
  std::shared_ptr<const v1::Snapshot> snapshot;  // with the health checks; never null
  stats::StateMap states;
  stats::BackendHealthMap backends;
  v1::Counters counters;
};

// What the data planes could not take for HTTP.
struct BadMessages {
  uint64_t total = 0;                    // since they started
  std::vector<v1::BadMessage> messages;  // those that are kept
};

// One change to one server, as text that the language has already checked for form.
struct ServerChange {
  enum class Kind {
    kState,    // value "ready", "drain", "maint"
    kWeight,   // value "N" (0 to 256) or "N%" (of the configured weight)
    kAddress,  // value an IP address; port 0: unchanged
    kHealth,   // value "up", "stopping", "down"
    kMaxconn,  // value "N"
  };
  Kind kind = Kind::kState;
  std::string value;
  uint16_t port = 0;
};

class RuntimeBackend {
 public:
  template <typename T>
  using Done = std::function<void(T)>;

  enum class Needs { kConfigAndStates, kCounters };

  virtual ~RuntimeBackend() = default;

  // kCounters asks every connected data plane for fresh counters first.
  virtual void GetView(Needs needs, Done<RuntimeView> done) = 0;
  // One text of lines for each certificate (or list of revocations) in `file`, in its order; never
  // a byte of its key.
  virtual std::vector<std::string> DescribeCertificates(const v1::TlsFile& file) = 0;
  virtual void ListSessions(Done<std::vector<v1::SessionEntry>> done) = 0;
  virtual void ListBadMessages(Done<BadMessages> done) = 0;

  // Files of TLS settings that are replaced while serving: one transaction for each kind of file.
  // `payload` is PEM; base64 for what is stapled (NAME.ocsp). True: it has opened the transaction;
  // false: it went into the open one.
  virtual absl::StatusOr<bool> SetTlsFile(v1::TlsFile::Kind kind, const std::string& name,
                                          const std::string& payload) = 0;
  // What the open transaction holds; null: none is open.
  virtual const v1::TlsFile* PendingTlsFile(v1::TlsFile::Kind kind) = 0;
  // Needs an open transaction. The value: what is worth telling although it succeeded, in lines.
  // INVALID_ARGUMENT: its parts do not fit, it stays open; other errors: refused, it is closed.
  virtual void CommitTlsFile(v1::TlsFile::Kind kind, const CommandOrigin& origin,
                             Done<absl::StatusOr<std::string>> done) = 0;
  virtual void AbortTlsFile(v1::TlsFile::Kind kind) = 0;
  // Who replaced the file that serves, and when; empty: it is what the configuration said.
  virtual std::string WhoReplacedTlsFile(v1::TlsFile::Kind kind, const std::string& name) = 0;

  // Durable and in use on every connected data plane when `done` runs. The error's message is for
  // the operator. NOT_FOUND: "No such backend.", "No such server.".
  virtual void SetServer(const std::string& backend, const std::string& server,
                         const ServerChange& change, const CommandOrigin& origin,
                         Done<absl::Status> done) = 0;
  // The number of sessions closed.
  virtual void ShutdownServerSessions(const std::string& backend, const std::string& server,
                                      const CommandOrigin& origin,
                                      Done<absl::StatusOr<uint64_t>> done) = 0;
  // `all` clears everything, otherwise only the maxima are.
  virtual void ClearCounters(bool all, const CommandOrigin& origin, Done<absl::Status> done) = 0;
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_RUNTIME_RUNTIME_BACKEND_H_
