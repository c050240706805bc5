#include "dataplane/http/target.h"

#include <algorithm>
#include <cstring>

#include "dataplane/http/message.h"
#include "dataplane/http/validation.h"

namespace lb::http {

namespace {

bool AllAre(std::string_view text, uint8_t classes) {
  for (char c : text) {
    if (!chars::Is(c, classes)) return false;
  }
  return true;
}

// RFC 3986 section 3.2.1. With another "@" the host would begin elsewhere to other readers.
bool IsUser(std::string_view text) {
  return AllAre(text, chars::kHost) && text.find_first_of("[]") == std::string_view::npos;
}

bool IsDefaultPort(std::string_view scheme, std::string_view port) {
  if (port.empty()) return true;
  if (EqualsIgnoreCase(scheme, "http")) return port == "80";
  if (EqualsIgnoreCase(scheme, "https")) return port == "443";
  return scheme.empty() && (port == "80" || port == "443");  // CONNECT names no scheme
}

bool SameAuthority(std::string_view scheme, const Authority& a, const Authority& b) {
  if (!EqualsIgnoreCase(a.host, b.host)) return false;
  return a.port == b.port || (IsDefaultPort(scheme, a.port) && IsDefaultPort(scheme, b.port));
}

}  // namespace

bool ParseAuthority(std::string_view text, Authority* authority) {
  if (!AllAre(text, chars::kHost)) return false;
  size_t host_end = text.find(':');
  if (!text.empty() && text[0] == '[') {
    size_t bracket = text.find(']');
    if (bracket == std::string_view::npos || bracket == 1) return false;
    host_end = bracket + 1;
    if (host_end < text.size() && text[host_end] != ':') return false;
  }
  authority->host = text.substr(0, host_end);
  authority->port = host_end < text.size() ? text.substr(host_end + 1) : std::string_view();
  std::string_view name = authority->host;
  if (!name.empty() && name[0] == '[') name = name.substr(1, name.size() - 2);
  return authority->port.size() <= 5 && AllAre(authority->port, chars::kDigit) &&
         std::none_of(name.begin(), name.end(), [](char c) { return c == '[' || c == ']'; });
}

ParseError CheckTargetAndHost(std::string_view method, std::string_view target,
                              std::string_view host, bool has_host) {
  Authority from_host;
  if (!ParseAuthority(host, &from_host)) return ParseError::kBadHost;
  if (target.empty()) return ParseError::kBadTarget;
  // A fragment is the client's own affair and never part of a request.
  if (std::memchr(target.data(), '#', target.size()) != nullptr) return ParseError::kBadTarget;

  std::string_view scheme;
  std::string_view authority_text = target;
  if (method == "CONNECT") {
    Authority authority;
    if (!ParseAuthority(target, &authority) || authority.host.empty() || authority.port.empty()) {
      return ParseError::kBadTarget;
    }
  } else {
    if (target[0] == '/') return ParseError::kNone;
    if (target == "*") return method == "OPTIONS" ? ParseError::kNone : ParseError::kBadTarget;
    size_t colon = target.find("://");
    if (colon == std::string_view::npos) return ParseError::kBadTarget;
    scheme = target.substr(0, colon);
    // Of another scheme nobody here is an origin, and HTTP/2 servers would be told this one.
    if (!EqualsIgnoreCase(scheme, "http") && !EqualsIgnoreCase(scheme, "https")) {
      return ParseError::kBadTarget;
    }
    authority_text = target.substr(colon + 3);
    authority_text = authority_text.substr(0, authority_text.find_first_of("/?"));
    size_t at = authority_text.rfind('@');  // user information does not count
    if (at != std::string_view::npos) {
      if (!IsUser(authority_text.substr(0, at))) return ParseError::kBadTarget;
      authority_text.remove_prefix(at + 1);
    }
  }
  Authority from_target;
  if (!ParseAuthority(authority_text, &from_target)) return ParseError::kBadTarget;
  bool agree = !has_host || SameAuthority(scheme, from_target, from_host);
  return agree ? ParseError::kNone : ParseError::kHostMismatch;
}

}  // namespace lb::http
