// Syslog: the lines the configuration's "log" targets get: traffic and server-state changes.
//
// A SyslogSender is immutable once made and may be used by many threads: every line is one
// sendto(2) or write(2) that never blocks; a line that the target does not take is dropped and
// counted. Stream lines to stdout and stderr end with a line feed.
// Source: HAProxy configuration manual, section 3.1 "log"; RFC 3164; RFC 5424.
#ifndef LB_COMMON_NET_SYSLOG_H_
#define LB_COMMON_NET_SYSLOG_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/base/unique_fd.h"

namespace lb::net {

// In order of severity, with the values of RFC 5424 section 6.2.1.
enum class SyslogLevel : uint8_t { kEmerg, kAlert, kCrit, kErr, kWarning, kNotice, kInfo, kDebug };

// "emerg" to "debug"; INVALID_ARGUMENT otherwise.
absl::StatusOr<SyslogLevel> ParseSyslogLevel(std::string_view name);
// "kern", "user", ... "local7" -> 0 to 23; INVALID_ARGUMENT otherwise.
absl::StatusOr<int> ParseSyslogFacility(std::string_view name);

enum class SyslogFormat : uint8_t {
  kRfc3164,
  kRfc5424,
  kLocal,
  kPriority,
  kShort,
  kTimed,
  kIso,
  kRaw
};
absl::StatusOr<SyslogFormat> ParseSyslogFormat(std::string_view name);

struct SyslogTarget {
  std::string address;  // "127.0.0.1:514", "unix:/dev/log", "stdout", "stderr", "fd@3"
  int facility = 16;    // local0
  SyslogLevel max_level = SyslogLevel::kDebug;  // less severe lines are not sent
  SyslogLevel min_level = SyslogLevel::kEmerg;  // more severe lines are sent as this
  SyslogFormat format = SyslogFormat::kRfc3164;
  size_t max_length = 1024;
};

// The line as it goes out, without the final line feed. `hostname` may be empty.
std::string FormatSyslogLine(const SyslogTarget& target, SyslogLevel level, WallTime now,
                             std::string_view hostname, std::string_view tag, int pid,
                             std::string_view message);

class SyslogSender {
 public:
  // `tag` is "log-tag". Errors: an address that is none, a descriptor that is not open.
  static absl::StatusOr<std::unique_ptr<SyslogSender>> Create(std::vector<SyslogTarget> targets,
                                                              std::string tag,
                                                              std::string hostname);

  // Sends to every target whose levels let it pass. Any thread; never blocks.
  void Send(SyslogLevel level, WallTime now, std::string_view message) const;

  bool has_targets() const { return !sinks_.empty(); }
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Sink {
    SyslogTarget target;
    Address address;  // unset for descriptors
    UniqueFd socket;  // ours, for addresses
    int fd = -1;      // where to send: `socket`, or a borrowed descriptor
  };

  SyslogSender(std::string tag, std::string hostname)
      : tag_(std::move(tag)), hostname_(std::move(hostname)) {}
  static absl::StatusOr<Sink> Open(SyslogTarget target);

  const std::string tag_;
  const std::string hostname_;
  std::vector<Sink> sinks_;
  mutable std::atomic<uint64_t> dropped_{0};
};

}  // namespace lb::net

#endif  // LB_COMMON_NET_SYSLOG_H_
