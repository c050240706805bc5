#include "common/base/logger.h"

#include <sys/uio.h>
#include <unistd.h>

#include <atomic>

#include "absl/strings/str_cat.h"

namespace lb {
namespace {

std::string& Program() {
  static std::string* program = new std::string("lb");  // outlives every thread that may log
  return *program;
}

std::atomic<LogLevel> least_level{LogLevel::kInfo};

const char* NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kNotice:
      return "notice";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "?";
}

}  // namespace

void SetLogProgram(std::string program) { Program() = std::move(program); }
void SetLogLevel(LogLevel least) { least_level.store(least, std::memory_order_relaxed); }
bool IsLogged(LogLevel level) { return level >= least_level.load(std::memory_order_relaxed); }

LogLine::~LogLine() {
  std::string line =
      absl::StrCat(Program(), "[", getpid(), "] ", NameOf(level_), ": ", stream_.str(), "\n");
  // One write keeps the line whole; a full or closed standard error is nothing we can report.
  [[maybe_unused]] ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace lb
