// The host's name, for node names, logs and histories.
#ifndef LB_COMMON_BASE_HOST_NAME_H_
#define LB_COMMON_BASE_HOST_NAME_H_

#include <string>

namespace lb {

// As gethostname(2) has it; "localhost" when that fails. Any thread.
std::string HostName();

}  // namespace lb

#endif  // LB_COMMON_BASE_HOST_NAME_H_
