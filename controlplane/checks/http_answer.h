// The HTTP side of checks, as pure functions over bytes: the request that is sent, the answer as
// far as it has arrived, and whether it is what was expected.
// Source: RFC 9112 sections 2 to 7; HAProxy configuration manual, "http-check send",
// "http-check expect". Deviation: a reason phrase may be missing with its space, as HAProxy allows.
#ifndef LB_CONTROLPLANE_CHECKS_HTTP_ANSWER_H_
#define LB_CONTROLPLANE_CHECKS_HTTP_ANSWER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/checks/check_result.h"
#include "lb/v1/snapshot.pb.h"

namespace lb::checks {

// The bytes of a request. A body brings its Content-Length; HTTP/1.1 brings "Connection: close"
// unless the configuration has a Connection header.
std::string BuildHttpRequest(const v1::HttpCheckSend& send);

struct HttpAnswer {
  enum class State : uint8_t {
    kHead,  // the head is not complete
    kBody,  // the head is; more of the body may come
    kDone,  // nothing more will come
    kBad,   // not HTTP
  };
  State state = State::kHead;
  int status = 0;
  std::string reason;
  std::string body;  // as far as it is there, chunks joined
};

// Reads what has arrived. `is_last`: nothing will follow (the server has closed, or so much has
// come that no more is looked at). Interim answers (1xx) are passed over.
HttpAnswer ReadHttpAnswer(std::string_view received, bool is_last);

// The result of `expect` on `answer` (neither kHead nor kBad); nullopt: it depends on what has
// not arrived yet.
std::optional<CheckResult> Judge(const v1::HttpCheckExpect& expect, const HttpAnswer& answer);

// "200-299,301" against one status. An empty or malformed list matches nothing.
bool IsStatusIn(std::string_view list, int status);

}  // namespace lb::checks

#endif  // LB_CONTROLPLANE_CHECKS_HTTP_ANSWER_H_
