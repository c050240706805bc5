#include "common/net/syslog.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "common/base/status.h"

namespace lb::net {
namespace {

constexpr std::array<std::string_view, 8> kLevels = {"emerg",   "alert",  "crit", "err",
                                                     "warning", "notice", "info", "debug"};
constexpr std::array<std::string_view, 24> kFacilities = {
    "kern",   "user",   "mail",   "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "auth2",  "ftp",    "ntp",    "audit",  "alert",  "cron2",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"};
constexpr std::array<std::string_view, 8> kFormats = {"rfc3164", "rfc5424", "local", "priority",
                                                      "short",   "timed",   "iso",   "raw"};

template <size_t N>
absl::StatusOr<int> IndexIn(const std::array<std::string_view, N>& names, std::string_view name,
                            const char* kind) {
  auto it = std::find(names.begin(), names.end(), name);
  if (it != names.end()) return static_cast<int>(it - names.begin());
  return absl::InvalidArgumentError(
      absl::StrCat("'", std::string(name), "' is not a syslog ", kind));
}

tm LocalTime(WallTime now) {
  time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  tm local{};
  localtime_r(&seconds, &local);
  return local;
}

// "Nov 22 08:06:42"
std::string Rfc3164Time(WallTime now) {
  tm local = LocalTime(now);
  char text[32];
  size_t n = strftime(text, sizeof(text), "%b %e %H:%M:%S", &local);
  return std::string(text, n);
}

// "2026-11-22T08:06:42.123456+01:00"
std::string IsoTime(WallTime now, bool with_micros) {
  tm local = LocalTime(now);
  char date[32];
  size_t n = strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &local);
  std::string text(date, n);
  if (with_micros) {
    auto since = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
    absl::StrAppendFormat(&text, ".%06d", static_cast<int>(since.count() % 1'000'000));
  }
  long offset = local.tm_gmtoff / 60;
  absl::StrAppendFormat(&text, "%c%02d:%02d", offset < 0 ? '-' : '+',
                        static_cast<int>(std::abs(offset) / 60),
                        static_cast<int>(std::abs(offset) % 60));
  return text;
}

}  // namespace

absl::StatusOr<SyslogLevel> ParseSyslogLevel(std::string_view name) {
  LB_ASSIGN_OR_RETURN(int index, IndexIn(kLevels, name, "level"));
  return static_cast<SyslogLevel>(index);
}

absl::StatusOr<int> ParseSyslogFacility(std::string_view name) {
  return IndexIn(kFacilities, name, "facility");
}

absl::StatusOr<SyslogFormat> ParseSyslogFormat(std::string_view name) {
  LB_ASSIGN_OR_RETURN(int index, IndexIn(kFormats, name, "format"));
  return static_cast<SyslogFormat>(index);
}

std::string FormatSyslogLine(const SyslogTarget& target, SyslogLevel level, WallTime now,
                             std::string_view hostname, std::string_view tag, int pid,
                             std::string_view message) {
  const int severity = static_cast<int>(std::max(level, target.min_level));
  const int priority = target.facility * 8 + severity;
  const std::string text(message);
  const std::string from = absl::StrCat(std::string(tag), "[", pid, "]: ");
  std::string line;
  switch (target.format) {
    case SyslogFormat::kRfc3164:
      line = absl::StrCat("<", priority, ">", Rfc3164Time(now), " ", std::string(hostname),
                          hostname.empty() ? "" : " ", from, text);
      break;
    case SyslogFormat::kLocal:
      line = absl::StrCat("<", priority, ">", Rfc3164Time(now), " ", from, text);
      break;
    case SyslogFormat::kRfc5424:
      line = absl::StrCat("<", priority, ">1 ", IsoTime(now, /*with_micros=*/true), " ",
                          hostname.empty() ? "-" : std::string(hostname), " ", std::string(tag),
                          " ", pid, " - - ", text);
      break;
    case SyslogFormat::kPriority:
      line = absl::StrCat("<", priority, ">", from, text);
      break;
    case SyslogFormat::kShort:
      line = absl::StrCat("<", severity, ">", text);
      break;
    case SyslogFormat::kTimed:
      line = absl::StrCat("<", severity, ">", IsoTime(now, /*with_micros=*/true), " ", text);
      break;
    case SyslogFormat::kIso:
      line = absl::StrCat(IsoTime(now, /*with_micros=*/true), " ", text);
      break;
    case SyslogFormat::kRaw:
      line = text;
      break;
  }
  // "max_length" counts the final line feed.
  if (line.size() + 1 > target.max_length) line.resize(target.max_length - 1);
  return line;
}

absl::StatusOr<SyslogSender::Sink> SyslogSender::Open(SyslogTarget target) {
  Sink sink;
  const std::string& where = target.address;
  if (where == "stdout") {
    sink.fd = STDOUT_FILENO;
  } else if (where == "stderr") {
    sink.fd = STDERR_FILENO;
  } else if (where.rfind("fd@", 0) == 0) {
    auto [end, ec] = std::from_chars(where.data() + 3, where.data() + where.size(), sink.fd);
    if (ec != std::errc() || end != where.data() + where.size() || fcntl(sink.fd, F_GETFD) < 0) {
      return absl::InvalidArgumentError(absl::StrCat("log target '", where, "' is not open"));
    }
  } else {
    LB_ASSIGN_OR_RETURN(sink.address, Address::Parse(where));
    sink.socket.Reset(
        ::socket(sink.address.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!sink.socket.valid()) return ErrnoStatus(errno, "socket");
    sink.fd = sink.socket.get();
  }
  sink.target = std::move(target);
  return sink;
}

absl::StatusOr<std::unique_ptr<SyslogSender>> SyslogSender::Create(
    std::vector<SyslogTarget> targets, std::string tag, std::string hostname) {
  std::unique_ptr<SyslogSender> sender(new SyslogSender(std::move(tag), std::move(hostname)));
  for (SyslogTarget& target : targets) {
    LB_ASSIGN_OR_RETURN(Sink sink, Open(std::move(target)));
    sender->sinks_.push_back(std::move(sink));
  }
  return sender;
}

void SyslogSender::Send(SyslogLevel level, WallTime now, std::string_view message) const {
  for (const Sink& sink : sinks_) {
    if (level > sink.target.max_level) continue;
    std::string line =
        FormatSyslogLine(sink.target, level, now, hostname_, tag_, getpid(), message);
    line.push_back('\n');
    ssize_t n = sink.address.family() == AF_UNSPEC
                    ? ::write(sink.fd, line.data(), line.size())
                    : ::sendto(sink.fd, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                               sink.address.sa(), sink.address.length());
    if (n < 0) dropped_.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace lb::net
