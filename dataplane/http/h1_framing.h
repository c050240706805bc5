// What the fields of a scanned head mean for the connection: where the body ends, whether the
// connection persists, whether an upgrade or a 100 is wanted. Second half of HeadParser. Pure.
// Source: RFC 9112 sections 3.2, 6.3, 9.3; RFC 9110 sections 7.8, 10.1.1.
#ifndef LB_DATAPLANE_HTTP_H1_FRAMING_H_
#define LB_DATAPLANE_HTTP_H1_FRAMING_H_

#include <cstdint>
#include <string_view>

#include "dataplane/http/h1_error.h"
#include "dataplane/http/h1_parser.h"
#include "dataplane/http/message.h"

namespace lb::http {

// Fill the derived members of a head whose texts and version are there.
// `is_lenient`: an origin-form target may have a fragment; see HeadParser::set_lenient().
ParseError InterpretRequest(RequestHead* head, bool is_lenient = false);
ParseError InterpretResponse(const RequestContext& context, ResponseHead* head);

// Digits only; false for anything else and from 2^63 up.
bool ParseContentLength(std::string_view text, uint64_t* length);

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_H1_FRAMING_H_
