// RecordingUser and RecordingListener: what an H2Session tells, written down.
#ifndef LB_TESTS_TESTING_H2_PEER_H_
#define LB_TESTS_TESTING_H2_PEER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/http/h2_session.h"

namespace lb::testing {

class RecordingUser final : public http::H2StreamUser {
 public:
  http::Arena* arena() override { return &arena_; }
  http::RequestHead* received_request() override { return &request; }
  http::ResponseHead* received_response() override { return &response; }
  http::HeaderList* received_trailers() override { return &trailers; }
  void OnHead(http::ParseError error) override {
    ++heads;
    head_error = error;
  }
  void OnData(std::string_view data) override { body.append(data); }
  void OnEnd() override { has_ended = true; }
  void OnWindow() override { ++windows; }
  void OnClosed(http::H2Error error, bool unprocessed) override {
    closed = error;
    is_unprocessed = unprocessed;
  }

  std::string Field(std::string_view name) const {
    const http::HeaderList& list = request.method.empty() ? response.headers : request.headers;
    const http::Header* field = list.Find(name);
    return field != nullptr ? std::string(field->value) : "(none)";
  }

  http::H2Channel* channel = nullptr;
  http::RequestHead request;
  http::ResponseHead response;
  http::HeaderList trailers;
  int heads = 0;
  std::optional<http::ParseError> head_error;
  std::string body;
  bool has_ended = false;
  int windows = 0;
  std::optional<http::H2Error> closed;
  bool is_unprocessed = false;

 private:
  http::Arena arena_;
};

class RecordingListener final : public http::H2Listener {
 public:
  http::H2StreamUser* OnStreamBegins(http::H2Channel* channel) override {
    if (refuses) return nullptr;
    users.push_back(std::make_unique<RecordingUser>());
    users.back()->channel = channel;
    return users.back().get();
  }
  void OnPingAnswered() override { ++pings; }

  RecordingUser& operator[](size_t i) { return *users.at(i); }

  std::vector<std::unique_ptr<RecordingUser>> users;
  bool refuses = false;
  int pings = 0;
};

// Everything that a session has to send.
inline std::string ProduceAll(http::H2Session* session) {
  std::string out;
  char space[4096];
  for (size_t n; (n = session->Produce(space, sizeof(space))) > 0;) out.append(space, n);
  return out;
}

}  // namespace lb::testing

#endif  // LB_TESTS_TESTING_H2_PEER_H_
