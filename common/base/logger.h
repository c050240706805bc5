// Logger: what the programs say about themselves, on standard error. (Traffic and server-state
// lines are not this: they go to the syslog targets of the configuration, see common/net/syslog.h.)
//
//   LB_LOG(kInfo) << "revision " << revision << " serves";
//
// One line a message: "lbproxyd[123] info: revision 7 serves". Any thread; a line is never torn.
#ifndef LB_COMMON_BASE_LOGGER_H_
#define LB_COMMON_BASE_LOGGER_H_

#include <sstream>
#include <string>

namespace lb {

enum class LogLevel { kDebug, kInfo, kNotice, kWarning, kError };

// Set once, before threads start: the program's name and the least level printed.
void SetLogProgram(std::string program);
void SetLogLevel(LogLevel least);
bool IsLogged(LogLevel level);

class LogLine {
 public:
  explicit LogLine(LogLevel level) : level_(level) {}
  ~LogLine();
  LogLine(const LogLine&) = delete;
  LogLine& operator=(const LogLine&) = delete;
  std::ostream& stream() { return stream_; }

 private:
  LogLevel level_;
  std::ostringstream stream_;
};

}  // namespace lb

// A loop that runs once or never: it needs no braces around it, and no else can attach to it.
#define LB_LOG(level)                                                           \
  for (bool lb_is_logged = ::lb::IsLogged(::lb::LogLevel::level); lb_is_logged; \
       lb_is_logged = false)                                                    \
  ::lb::LogLine(::lb::LogLevel::level).stream()

#endif  // LB_COMMON_BASE_LOGGER_H_
