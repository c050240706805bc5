// Replies that the proxy makes itself: its error pages, error files, and what rules return.
// Source: HAProxy configuration manual, "errorfile"; the built-in pages have HAProxy's statuses,
// fields and wording, since monitoring looks for them.
#ifndef LB_DATAPLANE_PROXY_LOCAL_REPLY_H_
#define LB_DATAPLANE_PROXY_LOCAL_REPLY_H_

#include <cstdint>
#include <string_view>

#include "dataplane/http/message.h"
#include "dataplane/proxy/config.h"
#include "dataplane/rules/reply.h"

namespace lb::proxy {

// The built-in page of a status: a whole HTTP/1.1 message; that of 500 for a status without one.
std::string_view BuiltInPage(uint32_t status);

// The message to send for `status`: the backend's error file, else the frontend's, else the
// built-in page. `backend` may be null.
std::string_view ErrorMessage(uint32_t status, const FrontendConfig& frontend,
                              const BackendConfig* backend);

// Splits a whole message into a head (whose texts are views into it) and its body. False when it is
// not an HTTP message.
bool ParseWholeMessage(std::string_view message, http::ResponseHead* head, std::string_view* body);

// Fills `head` and `body` with what `reply` says. Texts live as long as the reply and the
// configuration.
void BuildReply(const rules::LocalReply& reply, const FrontendConfig& frontend,
                const BackendConfig* backend, http::ResponseHead* head, std::string_view* body);

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_LOCAL_REPLY_H_
