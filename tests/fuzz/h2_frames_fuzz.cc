// Whatever a peer sends over HTTP/2, in whatever pieces, a session keeps these claims:
//
// - it does not crash, and what it has to send stays bounded by what was received;
// - a request that it reports is one that HTTP/1.1 could carry: a token for a method, a target and
//   fields without control characters, one Host in front, no field of a connection but the Upgrade
//   of a WebSocket;
// - a body is never longer than its length says.
//
// The first byte chooses the size of the pieces and whether the preface is put in front.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/check.h"
#include "dataplane/http/h2_session.h"
#include "dataplane/http/validation.h"
#include "tests/testing/h2_peer.h"

namespace lb::http {
namespace {

void CheckRequest(const lb::testing::RecordingUser& user) {
  if (user.head_error != ParseError::kNone) return;
  const RequestHead& head = user.request;
  LB_CHECK(IsToken(head.method));
  LB_CHECK(IsTarget(head.target));
  LB_CHECK(head.headers.size() > 0 && head.headers[0].id == HeaderId::kHost);
  size_t hosts = 0;
  for (const Header& field : head.headers) {
    LB_CHECK(IsHeaderName(field.name));
    LB_CHECK(IsHeaderValue(field.value));
    hosts += field.id == HeaderId::kHost;
    LB_CHECK(field.id != HeaderId::kTransferEncoding && field.id != HeaderId::kConnection);
    LB_CHECK(field.id != HeaderId::kUpgrade || head.wants_upgrade);
  }
  LB_CHECK(hosts == 1);
  if (head.framing == Framing::kLength) LB_CHECK(user.body.size() <= head.content_length);
}

}  // namespace
}  // namespace lb::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using lb::http::H2Session;
  if (size == 0) return 0;
  lb::testing::RecordingListener listener;
  H2Session session(H2Session::Role::kServer, lb::http::H2Settings(), lb::http::Limits(), 1,
                    &listener);
  std::string input;
  if ((bytes[0] & 0x80) != 0)
    input = std::string(lb::http::kH2Preface) + std::string("\0\0\0\4\0\0\0\0\0", 9);
  input.append(reinterpret_cast<const char*>(bytes + 1), size - 1);
  const size_t step = (bytes[0] & 0x7f) == 0 ? input.size() + 1 : bytes[0] & 0x7f;
  size_t sent = lb::testing::ProduceAll(&session).size();
  for (size_t at = 0; at < input.size(); at += step) {
    if (!session.Receive(std::string_view(input).substr(at, step), lb::SteadyTime{})) break;
    sent += lb::testing::ProduceAll(&session).size();
  }
  sent += lb::testing::ProduceAll(&session).size();
  LB_CHECK(sent < 1000 + 16 * input.size());
  for (const auto& user : listener.users) lb::http::CheckRequest(*user);
  return 0;
}
