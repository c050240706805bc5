// StateLog: where lines about servers go: the "log" targets of their backend, and standard error.
// Lives on the controller's loop thread; sending never blocks.
#ifndef LB_CONTROLPLANE_SERVICE_STATE_LOG_H_
#define LB_CONTROLPLANE_SERVICE_STATE_LOG_H_

#include <map>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/net/syslog.h"
#include "controlplane/checks/state_lines.h"
#include "lb/v1/snapshot.pb.h"

namespace lb::service {

class LineSink {
 public:
  virtual ~LineSink() = default;
  // The targets are those of `snapshot` from now on.
  virtual void Configure(const v1::Snapshot& snapshot) = 0;
  virtual void Send(const std::string& backend, const checks::StateLine& line) = 0;
};

class StateLog : public LineSink {
 public:
  // `clock` outlives the log.
  explicit StateLog(const Clock& clock) : clock_(clock) {}

  // A target that cannot be used is reported on standard error and left out.
  void Configure(const v1::Snapshot& snapshot) override;
  void Send(const std::string& backend, const checks::StateLine& line) override;

 private:
  using Sender = std::shared_ptr<const net::SyslogSender>;

  const Clock& clock_;
  std::map<std::string, Sender> by_backend_;
};

// The sender's view of a configured target. INVALID_ARGUMENT: a facility, level or format that is
// none.
absl::StatusOr<net::SyslogTarget> SyslogTargetOf(const v1::LogTarget& target);

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_STATE_LOG_H_
