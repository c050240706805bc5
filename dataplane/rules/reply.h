// Replies made by the proxy itself: the compiled template and the reply it gives.
// Source: HAProxy configuration manual, "http-request return", "http-request deny", "http-error".
#ifndef LB_DATAPLANE_RULES_REPLY_H_
#define LB_DATAPLANE_RULES_REPLY_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/http/message.h"
#include "dataplane/rules/context.h"
#include "dataplane/rules/log_format.h"

namespace lb::rules {

// A reply as the proxy has to send it. Texts live as long as the exchange or the snapshot.
struct LocalReply {
  enum class Form : uint8_t {
    kDefaultPage,  // the proxy's error file or built-in page for `status`, with `headers` added;
                   // without either, no body
    kMessage,      // exactly status line, `headers` in order (content-length is among them), `body`
    kRaw,          // `body` is a whole HTTP message, status line included
  };
  Form form = Form::kDefaultPage;
  uint16_t status = 0;
  std::string_view reason;  // never empty
  http::HeaderList headers;
  std::string_view body;
};

struct ReplyTemplate {
  struct Field {
    std::string name;
    LogFormat value;
  };
  enum class Body : uint8_t { kDefaultPage, kNone, kLiteral, kFormat, kRaw };

  uint16_t status = 0;
  Body body = Body::kDefaultPage;
  std::string literal;       // kLiteral and kRaw
  LogFormat format;          // kFormat
  std::string content_type;  // empty: none is sent
  std::vector<Field> headers;

  LocalReply Make(TxnContext& context) const;
};

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_REPLY_H_
