// LB_CHECK: an invariant of ours. A failure prints the place and the condition, then aborts.
// For what a peer, a file or a user can cause, return an error instead.
#ifndef LB_COMMON_BASE_CHECK_H_
#define LB_COMMON_BASE_CHECK_H_

namespace lb {

[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);

}  // namespace lb

#define LB_CHECK(condition)                              \
  do {                                                   \
    if (!(condition)) [[unlikely]]                       \
      ::lb::CheckFailed(__FILE__, __LINE__, #condition); \
  } while (false)

#endif  // LB_COMMON_BASE_CHECK_H_
