// H2TestClient and H2TestServer: scripted ends of HTTP/2 connections, over a TestPeer each.
//
//   H2TestClient client(proxy.Connect());
//   RecordingUser& answer = client.Ask("GET", "/");
//   ASSERT_TRUE(proxy.Until([&] { client.Poll(); return answer.has_ended; }));
#ifndef LB_TESTS_TESTING_H2_ENDS_H_
#define LB_TESTS_TESTING_H2_ENDS_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/http/h2_session.h"
#include "tests/testing/h2_peer.h"
#include "tests/testing/test_peer.h"

namespace lb::testing {

// What both ends do.
class H2TestEnd {
 public:
  H2TestEnd(TestPeer* peer, http::H2Session::Role role)
      : peer_(peer), session_(role, http::H2Settings(), http::Limits(), 1, &listener) {}

  // Takes what has come, and sends what there is to say.
  void Poll() {
    const std::string bytes = peer_->Take();
    if (!bytes.empty()) session_.Receive(bytes, SteadyTime{});
    Push();
  }
  void Push() {
    const std::string bytes = ProduceAll(&session_);
    if (!bytes.empty()) peer_->Send(bytes);
  }
  // Sends a piece of a body, as far as windows allow; returns how much.
  size_t Write(http::H2Channel* channel, std::string_view data, bool is_last) {
    session_.Offer(channel, data, is_last);
    Push();
    return data.size() - session_.Retract(channel);
  }
  // Opens the windows for all that came.
  void Consume(http::H2Channel* channel) {
    session_.Consume(channel, channel->unconsumed);
    Push();
  }
  http::H2Session& session() { return session_; }
  TestPeer& peer() { return *peer_; }

  RecordingListener listener;

 protected:
  TestPeer* const peer_;
  http::H2Session session_;
};

class H2TestClient : public H2TestEnd {
 public:
  explicit H2TestClient(TestPeer* peer) : H2TestEnd(peer, http::H2Session::Role::kClient) {}

  // Sends a request; the user is told of the response.
  RecordingUser& Ask(std::string_view method, std::string_view target, bool ends = true,
                     std::vector<std::pair<std::string, std::string>> fields = {},
                     bool is_websocket = false) {
    http::RequestHead head;
    head.method = method;
    head.target = target;
    head.headers.Add("host", "h:80");
    for (const auto& [name, value] : fields) head.headers.Add(name, value);
    if (is_websocket) {
      head.headers.Add("upgrade", "websocket");
      head.wants_upgrade = true;
    }
    answers.push_back(std::make_unique<RecordingUser>());
    RecordingUser& user = *answers.back();
    user.channel = session_.SendRequest(head, "http", ends, &user);
    Push();
    return user;
  }
  void Cancel(RecordingUser& user) {
    session_.Reset(user.channel, http::H2Error::kCancel);
    Push();
  }

  std::vector<std::unique_ptr<RecordingUser>> answers;
};

class H2TestServer : public H2TestEnd {
 public:
  explicit H2TestServer(TestPeer* peer) : H2TestEnd(peer, http::H2Session::Role::kServer) {}

  // The request that came last.
  RecordingUser& last() { return *listener.users.back(); }
  size_t size() const { return listener.users.size(); }
  void Answer(RecordingUser& user, uint16_t status, std::string_view body,
              const http::HeaderList& trailers = {}) {
    http::ResponseHead head;
    head.status = status;
    head.framing = trailers.size() > 0 ? http::Framing::kChunked : http::Framing::kLength;
    head.content_length = body.size();
    session_.SendResponse(user.channel, head, /*ends=*/body.empty() && trailers.size() == 0);
    if (!body.empty()) Write(user.channel, body, /*is_last=*/trailers.size() == 0);
    if (trailers.size() > 0) session_.Finish(user.channel, trailers);
    Push();
  }
};

}  // namespace lb::testing

#endif  // LB_TESTS_TESTING_H2_ENDS_H_
