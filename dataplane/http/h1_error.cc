#include "dataplane/http/h1_error.h"

namespace lb::http {

namespace {

struct Row {
  uint16_t status;
  std::string_view text;
};

// In the order of the enum. 414 and 431 where HAProxy 2.6 says 400: RFC 9110 and RFC 6585 have
// these statuses for it. 431 also for too many fields.
constexpr Row kRows[] = {
    {200, "no error"},
    {400, "bad method"},
    {400, "bad request target"},
    {400, "bad HTTP version"},
    {400, "unsupported HTTP version"},
    {400, "bad status code"},
    {400, "bad reason phrase"},
    {400, "bare CR or LF"},
    {400, "bad header name"},
    {400, "bad header value"},
    {400, "obsolete line folding"},
    {400, "bad Content-Length"},
    {400, "repeated Content-Length"},
    {400, "Content-Length with Transfer-Encoding"},
    {400, "bad Transfer-Encoding"},
    {422, "unsupported transfer coding"},
    {400, "Transfer-Encoding in HTTP/1.0"},
    {400, "missing Host"},
    {400, "repeated Host"},
    {400, "bad Host"},
    {400, "Host differs from the request target"},
    {400, "upgrade that was not asked for"},
    {414, "request target too long"},
    {431, "header fields too large"},
    {431, "too many header fields"},
    {400, "bad chunk size"},
    {400, "chunk size overflow"},
    {400, "chunk size line too long"},
    {400, "missing CRLF after a chunk"},
    {400, "bad trailer field"},
    {400, "trailer fields too large"},
};
static_assert(sizeof(kRows) / sizeof(kRows[0]) ==
              static_cast<size_t>(ParseError::kTrailersTooLarge) + 1);

}  // namespace

uint16_t StatusOf(ParseError error) { return kRows[static_cast<size_t>(error)].status; }

std::string_view Describe(ParseError error) { return kRows[static_cast<size_t>(error)].text; }

}  // namespace lb::http
