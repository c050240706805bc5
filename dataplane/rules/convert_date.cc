// Converters of dates.
// Source: HAProxy configuration manual, section 7.3.1; RFC 9110 section 5.6.7.
#include <cstdio>
#include <ctime>

#include "dataplane/rules/functions.h"

namespace lb::rules {
namespace {

constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// args: offset and unit, both of which apply to the integer that comes in.
Sample HttpDate(const Sample& in, const ProgramArgs& args, TxnContext& context) {
  int64_t units = 1;
  if (args.text[1] == "ms") units = 1'000;
  if (args.text[1] == "us") units = 1'000'000;
  int64_t moment;
  if (__builtin_add_overflow(in.integer(), args.number[0], &moment)) return Sample();
  int64_t fraction = moment % units;
  time_t seconds = static_cast<time_t>(moment / units);
  tm parts;
  if (fraction < 0 || gmtime_r(&seconds, &parts) == nullptr) return Sample();
  char text[64];
  int length = std::snprintf(text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d",
                             kDays[parts.tm_wday], parts.tm_mday, kMonths[parts.tm_mon],
                             parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  if (units > 1) {
    length += std::snprintf(text + length, sizeof(text) - static_cast<size_t>(length), ".%0*lld",
                            units == 1'000 ? 3 : 6, static_cast<long long>(fraction));
  }
  return Sample::Text(context.arena->Concat({{text, static_cast<size_t>(length)}, " GMT"}));
}

// args: strftime() format, offset in seconds.
template <tm* (*kSplit)(const time_t*, tm*)>
Sample FormatDate(const Sample& in, const ProgramArgs& args, TxnContext& context) {
  int64_t moment;
  if (__builtin_add_overflow(in.integer(), args.number[1], &moment)) return Sample();
  time_t seconds = static_cast<time_t>(moment);
  tm parts;
  if (kSplit(&seconds, &parts) == nullptr) return Sample();
  constexpr size_t kMaxBytes = 256;
  char* start = context.arena->Allocate(kMaxBytes);
  return Sample::Text({start, std::strftime(start, kMaxBytes, args.text[0].c_str(), &parts)});
}

constexpr NamedConverter kDateConverters[] = {
    {"http_date", HttpDate},
    {"ltime", FormatDate<localtime_r>},
    {"utime", FormatDate<gmtime_r>},
};

}  // namespace

std::span<const NamedConverter> DateConverters() { return kDateConverters; }

}  // namespace lb::rules
