// The one internal form of an HTTP message head, whatever version it arrived in or leaves in.
//
// Texts are views: into the connection's read buffer (as received) or into the exchange's Arena
// (made by rules). Both outlive the head. Names keep the letter case they arrived with; all name
// comparisons ignore case. Not thread-safe: a head belongs to one exchange.
// Source: RFC 9110 sections 5 and 6.
#ifndef LB_DATAPLANE_HTTP_MESSAGE_H_
#define LB_DATAPLANE_HTTP_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/http/arena.h"

namespace lb::http {

// Field names the proxy itself acts on; everything else is kOther.
enum class HeaderId : uint8_t {
  kOther,
  kConnection,
  kContentLength,
  kTransferEncoding,
  kHost,
  kExpect,
  kUpgrade,
  kKeepAlive,
  kProxyConnection,
  kTe,
  kTrailer,
  kDate,
  kServer,
  kCookie,
  kAuthorization,
  kXForwardedFor,
};

// Ignores case. O(1) for names that are not known.
HeaderId HeaderIdOf(std::string_view name);

// Whether a field may not stand behind a body: it would change what the head has already said, or
// is about the connection (RFC 9110 section 6.5.1; RFC 9113 section 8.2.2).
bool IsForbiddenInTrailers(HeaderId id);

// ASCII case-insensitive equality.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

struct Header {
  std::string_view name;
  std::string_view value;  // without surrounding blanks
  HeaderId id = HeaderId::kOther;
};

// Header fields in order. Keeps its capacity over Clear(), so that a connection's next message
// allocates nothing.
class HeaderList {
 public:
  void Clear() { fields_.clear(); }
  size_t size() const { return fields_.size(); }
  const Header& operator[](size_t i) const { return fields_[i]; }
  Header& operator[](size_t i) { return fields_[i]; }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  auto begin() { return fields_.begin(); }
  auto end() { return fields_.end(); }

  // The texts are borrowed: copy them into the exchange's arena first when they would not last.
  void Add(std::string_view name, std::string_view value);
  void Add(std::string_view name, std::string_view value, HeaderId id);

  // The first field of that name, or null. The pointer holds until the list changes.
  const Header* Find(std::string_view name) const;
  const Header* Find(HeaderId id) const;
  // Removes every field of that name; returns how many.
  size_t Remove(std::string_view name);
  size_t Remove(HeaderId id);
  // Removes every field for which `condition(const Header&)` holds; returns how many.
  template <typename Condition>
  size_t RemoveIf(Condition condition) {
    return std::erase_if(fields_, condition);
  }

 private:
  std::vector<Header> fields_;
};

// How the end of a message's body is known (RFC 9112 section 6.3).
enum class Framing : uint8_t {
  kNone,    // no body at all
  kLength,  // exactly `content_length` bytes
  kChunked,
  kUntilClose,  // responses only
  kTunnel,      // after 101 or a 2xx to CONNECT: raw bytes both ways
};

constexpr bool EndsWithHead(Framing framing, uint64_t content_length, bool may_have_trailers) {
  return framing == Framing::kNone ||
         (framing == Framing::kLength && content_length == 0 && !may_have_trailers);
}

struct RequestHead {
  std::string_view method;
  std::string_view target;    // as received: origin-, absolute-, authority- or asterisk-form
  uint8_t version_minor = 1;  // HTTP/1.x; an HTTP/2 request is carried as 1
  HeaderList headers;
  Framing framing = Framing::kNone;
  uint64_t content_length = 0;
  bool may_have_trailers = false;  // behind a body of a known length (HTTP/2)
  bool keep_alive = true;          // what the client wishes (version and Connection)
  bool expects_continue = false;   // "Expect: 100-continue"
  bool wants_upgrade = false;      // "Connection: upgrade" and an Upgrade field
  bool has_violations = false;     // of RFC 9112, which a lenient parser has let pass

  // The path and the query of `target` in any form: "/a" and "x=1" of "http://h/a?x=1".
  std::string_view path() const;
  std::string_view query() const;
  // The path with the query: "/a?x=1"; "*" for the asterisk-form.
  std::string_view path_and_query() const;
  // The host and port that a target in absolute-form names, without user information; else empty.
  std::string_view authority() const;
  // Whether nothing follows the head.
  bool ends_message() const { return EndsWithHead(framing, content_length, may_have_trailers); }
  void Clear();
};

struct ResponseHead {
  uint16_t status = 0;
  std::string_view reason;
  uint8_t version_minor = 1;
  HeaderList headers;
  Framing framing = Framing::kNone;
  uint64_t content_length = 0;
  bool is_length_implied = false;  // kLength without a field that says so (HTTP/2)
  bool may_have_trailers = false;  // as a request's
  bool keep_alive = true;          // whether the server's connection can be used again
  bool has_violations = false;     // as a request's

  bool is_informational() const { return status >= 100 && status < 200; }
  // As a request's, as far as the head tells: HEAD, 204 and 304 are none of its business.
  bool ends_message() const { return EndsWithHead(framing, content_length, may_have_trailers); }
  void Clear();
};

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_MESSAGE_H_
