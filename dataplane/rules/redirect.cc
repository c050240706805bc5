#include "dataplane/rules/redirect.h"

#include "dataplane/http/h1_serializer.h"

namespace lb::rules {
namespace {

// What is appended to a prefix or a scheme: the request's path and query, less what the rule drops.
// The slash goes to the very end, even behind a query that is kept.
void AppendPath(const Redirect& rule, const http::RequestHead& request, std::string* out) {
  std::string_view path = rule.drop_query ? request.path() : request.path_and_query();
  out->append(path);
  if (rule.append_slash && !path.empty() && path.back() != '/') out->push_back('/');
}

void AppendHost(const http::RequestHead& request, std::string* out) {
  const http::Header* host = request.headers.Find(http::HeaderId::kHost);
  if (host != nullptr) out->append(host->value);
}

bool IsCacheable(uint16_t code) { return code == 301 || code == 308; }

}  // namespace

LocalReply Redirect::Make(TxnContext& context) const {
  std::string& scratch = *context.scratch;
  size_t keep = scratch.size();
  std::string_view text = target.Render(context);
  // "prefix /" only rewrites the path.
  if (kind != Kind::kPrefix || text != "/") scratch.append(text);
  if (context.request != nullptr && kind != Kind::kLocation) {
    if (kind == Kind::kScheme) {
      scratch.append("://");
      AppendHost(*context.request, &scratch);
    }
    AppendPath(*this, *context.request, &scratch);
  }
  std::string_view location = context.arena->Copy(std::string_view(scratch).substr(keep));
  scratch.resize(keep);

  LocalReply reply;
  reply.form = LocalReply::Form::kMessage;
  reply.status = code;
  reply.reason = http::ReasonPhrase(code);
  reply.headers.Add("content-length", "0");
  reply.headers.Add("location", location);
  if (!IsCacheable(code)) reply.headers.Add("cache-control", "no-cache");
  if (!set_cookie.empty()) reply.headers.Add("set-cookie", set_cookie);
  return reply;
}

std::string SetCookieValue(std::string_view cookie) { return std::string(cookie) + "; path=/;"; }

std::string ClearCookieValue(std::string_view cookie) {
  return std::string(cookie) + "; path=/; Max-Age=0;";
}

}  // namespace lb::rules
