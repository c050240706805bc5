#include "dataplane/rules/reply.h"

#include <charconv>

#include "dataplane/http/h1_serializer.h"

namespace lb::rules {
namespace {

std::string_view WriteLength(size_t length, http::Arena& arena) {
  char* start = arena.Allocate(20);
  return {start, static_cast<size_t>(std::to_chars(start, start + 20, length).ptr - start)};
}

}  // namespace

LocalReply ReplyTemplate::Make(TxnContext& context) const {
  LocalReply reply;
  reply.status = status;
  reply.reason = http::ReasonPhrase(status);
  if (body == Body::kRaw) {
    reply.form = LocalReply::Form::kRaw;
    reply.body = literal;
    return reply;
  }
  for (const Field& field : headers) reply.headers.Add(field.name, field.value.Render(context));
  if (body == Body::kDefaultPage) return reply;

  reply.form = LocalReply::Form::kMessage;
  if (body == Body::kLiteral) reply.body = literal;
  if (body == Body::kFormat) reply.body = format.Render(context);
  if (status != 204) {
    reply.headers.Add("content-length", WriteLength(reply.body.size(), *context.arena));
  }
  if (!content_type.empty() && !reply.body.empty()) {
    reply.headers.Add("content-type", content_type);
  }
  return reply;
}

}  // namespace lb::rules
