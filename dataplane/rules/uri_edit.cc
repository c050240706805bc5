#include "dataplane/rules/uri_edit.h"

#include <algorithm>

namespace lb::rules {
namespace {

// A request target taken apart: "http://h" "/a" "?x=1". Any part may be empty.
struct Target {
  explicit Target(std::string_view text) {
    size_t scheme = text.find("://");
    size_t path = 0;
    if (!text.starts_with('/') && scheme != std::string_view::npos) {
      path = std::min(text.find_first_of("/?", scheme + 3), text.size());
    }
    size_t query = std::min(text.find('?', path), text.size());
    origin = text.substr(0, path);
    this->path = text.substr(path, query - path);
    this->query = text.substr(query);
  }
  std::string_view origin;
  std::string_view path;
  std::string_view query;
};

bool IsTokenByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenByte);
}

// Whether `text` can stand between the two blanks of a request line.
bool IsTarget(std::string_view text) {
  bool has_form = text.starts_with('/') || text == "*" || text.find("://") != text.npos;
  return has_form && std::all_of(text.begin(), text.end(),
                                 [](char c) { return static_cast<uint8_t>(c) > 32 && c != 127; });
}

// An absolute target names the host: the Host field must not say another one (RFC 9112, 3.2.2).
void UpdateHost(std::string_view target, http::RequestHead& request) {
  std::string_view origin = Target(target).origin;
  if (origin.empty()) return;
  std::string_view host = origin.substr(origin.find("://") + 3);
  host = host.substr(host.rfind('@') + 1);
  request.headers.Remove(http::HeaderId::kHost);
  request.headers.Add("host", host, http::HeaderId::kHost);
}

// What the pattern is matched with, and what the result replaces.
std::string_view PatternSubject(UriEdit::Kind kind, std::string_view whole) {
  Target target(whole);
  if (kind == UriEdit::Kind::kReplacePath) return target.path;
  if (kind == UriEdit::Kind::kReplacePathQ) return whole.substr(target.origin.size());
  return whole;
}

}  // namespace

bool UriEdit::Apply(TxnContext& context) const {
  http::RequestHead& request = *context.request;
  http::Arena& arena = *context.arena;
  std::string_view text = value.Render(context);
  if (regex.has_value()) {
    Regex::Groups groups;
    if (!regex->Find(PatternSubject(kind, request.target), 0, &groups)) return true;
    std::string& scratch = *context.scratch;
    size_t keep = scratch.size();
    ExpandReplacement(text, groups, &scratch);
    text = arena.Copy(std::string_view(scratch).substr(keep));
    scratch.resize(keep);
  }
  Target old(request.target);
  std::string_view target;
  switch (kind) {
    case Kind::kSetMethod:
      if (!IsToken(text)) return false;
      request.method = text;
      return true;
    case Kind::kSetUri:
    case Kind::kReplaceUri:
      target = text;
      break;
    case Kind::kSetPath:
    case Kind::kReplacePath:
      target = arena.Concat({old.origin, text, old.query});
      break;
    case Kind::kSetPathQ:
    case Kind::kReplacePathQ:
      target = arena.Concat({old.origin, text});
      break;
    case Kind::kSetQuery:
      target = arena.Concat({old.origin, old.path, "?", text});
      break;
  }
  if (!IsTarget(target)) return false;
  request.target = target;
  if (kind == Kind::kSetUri || kind == Kind::kReplaceUri) UpdateHost(target, request);
  return true;
}

}  // namespace lb::rules
