// The reply to "show errors": pure text.
// Source: HAProxy management guide, "show errors"; the bytes are laid out as a running HAProxy 2.6
// does. Its lines about buffers and flags are its own: the third line is ours.
#ifndef LB_CONTROLPLANE_SERVICE_RUNTIME_BAD_MESSAGES_H_
#define LB_CONTROLPLANE_SERVICE_RUNTIME_BAD_MESSAGES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "controlplane/service/runtime/runtime_backend.h"

namespace lb::service {

// Which of them to show.
struct BadMessageFilter {
  int64_t proxy = -1;  // its number, as the message's frontend or backend; -1: any
  bool requests = true;
  bool responses = true;
};

// In the order of the proxies' numbers, a request before a response, then by node.
std::string DumpBadMessages(const v1::Snapshot& snapshot, const BadMessages& all,
                            const BadMessageFilter& filter, int64_t now_unix_ms);

// Lines of at most 79 characters: the offset ("+" behind it when a line goes on), then the bytes,
// those that cannot be printed as \t \n \r \e \\ or \xNN. A line ends after a line feed.
std::string DumpBytes(std::string_view bytes);

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_RUNTIME_BAD_MESSAGES_H_
