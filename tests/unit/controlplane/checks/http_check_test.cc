// The results and their texts are HAProxy 2.6's own, of the same answers.
#include "check_fixture.h"
#include "scripted_server.h"

namespace lb::checks {
namespace {

using HttpExpect = v1::HttpCheckExpect;

std::string Answer(int status, const std::string& reason, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " " + reason +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class HttpCheck : public CheckTest {
 protected:
  HttpCheck() { check().set_kind(v1::HealthCheck::HTTP); }

  void AddExpect(HttpExpect::Kind kind, const std::string& pattern, bool negate = false) {
    HttpExpect* expect = check().add_http_steps()->mutable_expect();
    expect->set_kind(kind);
    expect->set_pattern(pattern);
    expect->set_negate(negate);
  }
  // The result when the server sends `pieces` and then closes.
  std::string Against(const std::vector<std::string>& pieces) {
    ScriptedServer server([&](Peer* peer) {
      peer->ReadUntil("\r\n\r\n");
      for (const std::string& piece : pieces) peer->Write(piece);
    });
    SetAddress(server.address());
    return RunToText();
  }
};

TEST_F(HttpCheck, WithoutExpectations2xxAnd3xxPass) {
  const struct {
    std::string answer;
    const char* result;
  } rows[] = {
      {Answer(200, "OK", "x"), "L7OK 200"},
      {Answer(302, "Found", ""), "L7OK 302"},
      {Answer(404, "Not Found", ""), "L7STS 404 Not Found"},
      {Answer(503, "Service Unavailable", ""), "L7STS 503 Service Unavailable"},
      {"HTTP/1.1 503\r\n\r\n", "L7STS 503"},
      {"HTTP/1.0 200 OK\r\n\r\n", "L7OK 200"},
      {"HTTP/1.1 100 Continue\r\n\r\n" + Answer(200, "OK", ""), "L7OK 200"},
      {"FOO BAR\r\n\r\n", "L7RSP"},
      {"hello", "L7RSP"},
      {"", "L7RSP"},
      {"HTTP/1.1 200 OK\r\nConten", "L7RSP"},
  };
  for (const auto& row : rows) EXPECT_EQ(Against({row.answer}), row.result) << row.answer;
}

TEST_F(HttpCheck, JudgesByItsExpectation) {
  const struct {
    HttpExpect::Kind kind;
    const char* pattern;
    bool negate;
    std::string answer;
    const char* result;
  } rows[] = {
      {HttpExpect::STATUS, "200", false, Answer(404, "X", ""), "L7STS 404 X"},
      {HttpExpect::STATUS, "200-299,404", false, Answer(404, "X", ""), "L7OK 404"},
      {HttpExpect::STATUS, "200-299", true, Answer(200, "X", ""), "L7STS 200 X"},
      {HttpExpect::RSTATUS, "^4", false, Answer(200, "X", ""), "L7STS 200 X"},
      {HttpExpect::RSTATUS, "^2", false, Answer(200, "X", ""), "L7OK 200"},
      {HttpExpect::RSTATUS, "^2", true, Answer(200, "X", ""), "L7STS 200 X"},
      {HttpExpect::STRING, "OK", false, Answer(200, "X", "is OK"), "L7OK 200"},
      {HttpExpect::STRING, "OK", false, Answer(503, "X", "is OK"), "L7OK 503"},
      {HttpExpect::STRING, "OK", false, Answer(200, "X", "no"),
       "L7RSP HTTP content check did not match"},
      {HttpExpect::STRING, "OK", true, Answer(200, "X", "is OK"),
       "L7RSP HTTP check matched unwanted content"},
      {HttpExpect::STRING, "OK", true, Answer(200, "X", "no"), "L7OK 200"},
      {HttpExpect::STRING, "OK", false, Answer(200, "X", ""),
       "L7RSP HTTP content check could not find a response body"},
      {HttpExpect::STRING, "OK", true, Answer(200, "X", ""),
       "L7RSP HTTP content check could not find a response body"},
      {HttpExpect::RSTRING, "^N.pe", false, Answer(200, "X", "OK"),
       "L7RSP HTTP content check did not match"},
      {HttpExpect::RSTRING, "^O", true, Answer(200, "X", "OK"),
       "L7RSP HTTP check matched unwanted content"},
      {HttpExpect::RSTRING, "[a-f]{3}$", false, Answer(200, "X", "0fab"), "L7OK 200"},
  };
  for (const auto& row : rows) {
    check().clear_http_steps();
    AddExpect(row.kind, row.pattern, row.negate);
    EXPECT_EQ(Against({row.answer}), row.result) << row.pattern << " on " << row.answer;
  }
}

TEST_F(HttpCheck, AddsTheCommentOfTheExpectation) {
  AddExpect(HttpExpect::STRING, "NOPE");
  check().mutable_http_steps(0)->mutable_expect()->set_comment("COMM");
  EXPECT_EQ(Against({Answer(200, "X", "OK")}),
            "L7RSP HTTP content check did not match comment: COMM");
  check().clear_http_steps();
  AddExpect(HttpExpect::STATUS, "201");
  check().mutable_http_steps(0)->mutable_expect()->set_comment("COMM");
  EXPECT_EQ(Against({Answer(200, "X", "OK")}), "L7STS 200 X comment: COMM");
}

TEST_F(HttpCheck, AllExpectationsMustHold) {
  AddExpect(HttpExpect::STRING, "OK");
  AddExpect(HttpExpect::STATUS, "201");
  EXPECT_EQ(Against({Answer(200, "X", "OK")}), "L7STS 200 X");
  EXPECT_EQ(Against({Answer(201, "X", "OK")}), "L7OK 201");
}

TEST_F(HttpCheck, FindsTheStringHoweverTheBodyArrives) {
  AddExpect(HttpExpect::STRING, "HELLO");
  const std::string head = "HTTP/1.1 200 X\r\n\r\n";
  EXPECT_EQ(Against({head, "xxHE", "LLOxx"}), "L7OK 200");
  EXPECT_EQ(Against({"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n", "3\r\nHEL\r\n",
                     "2\r\nLO\r\n0\r\n\r\n"}),
            "L7OK 200");
  EXPECT_EQ(Against({head, std::string(40'000, 'a')}), "L7RSP HTTP content check did not match");
  EXPECT_EQ(Against({head, std::string(40'000, 'a') + "HELLO"}),
            "L7RSP HTTP content check did not match")
      << "too far behind to be seen";
  EXPECT_EQ(Against({"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nHEL"}),
            "L7RSP HTTP content check did not match");
}

TEST_F(HttpCheck, DoesNotWaitForMoreThanItNeeds) {
  std::atomic<int> answers = 0;
  ScriptedServer server([&](Peer* peer) {
    peer->ReadUntil("\r\n\r\n");
    peer->Write("HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nOK so far");
    ++answers;
    peer->StayOpen();
  });
  SetAddress(server.address());
  EXPECT_EQ(RunToText(), "L7OK 200") << "the status is all it takes";
  AddExpect(HttpExpect::STRING, "OK");
  EXPECT_EQ(RunToText(), "L7OK 200");
  check().clear_http_steps();
  AddExpect(HttpExpect::STRING, "OK", /*negate=*/true);
  EXPECT_EQ(RunToText(), "L7RSP HTTP check matched unwanted content");
  for (bool negate : {false, true}) {
    check().clear_http_steps();
    AddExpect(HttpExpect::STRING, "NOPE", negate);
    const int before = answers;
    EXPECT_EQ(RunToText([&] { return answers > before; }), "L7TOUT");
  }
}

TEST_F(HttpCheck, TimesOutWithoutAnAnswer) {
  std::atomic<bool> has_asked = false;
  ScriptedServer server([&](Peer* peer) {
    peer->ReadUntil("\r\n\r\n");
    has_asked = true;
    peer->StayOpen();
  });
  SetAddress(server.address());
  EXPECT_EQ(RunToText([&] { return has_asked.load(); }), "L7TOUT");
}

TEST_F(HttpCheck, SaysWhenTheServerBreaksTheConnection) {
  ScriptedServer server([](Peer* peer) {
    peer->ReadUntil("\r\n\r\n");
    peer->Reset();
  });
  SetAddress(server.address());
  EXPECT_EQ(RunToText(), "SOCKERR Connection reset by peer");
}

TEST_F(HttpCheck, SaysWhenNobodyListens) {
  DeadAddress nobody;
  SetAddress(nobody.address());
  EXPECT_EQ(RunToText(), "L4CON Connection refused");
}

TEST_F(HttpCheck, SendsTheConfiguredRequest) {
  std::string got;
  {
    ScriptedServer server([&](Peer* peer) {
      got = peer->ReadUntil("hello");
      peer->Write(Answer(200, "OK", ""));
    });
    SetAddress(server.address());
    v1::HttpCheckSend* send = check().add_http_steps()->mutable_send();
    send->set_method("POST");
    send->set_uri("/a?b");
    send->set_version("HTTP/1.1");
    send->set_body("hello");
    v1::NameValue* host = send->add_headers();
    host->set_name("Host");
    host->set_value("www.example.test");
    EXPECT_EQ(RunToText(), "L7OK 200");
  }
  EXPECT_EQ(got,
            "POST /a?b HTTP/1.1\r\nHost: www.example.test\r\nContent-Length: 5\r\n"
            "Connection: close\r\n\r\nhello");
}

TEST_F(HttpCheck, EachSendHasItsOwnConnectionAndExpectations) {
  std::atomic<int> requests = 0;
  ScriptedServer server([&](Peer* peer) {
    const std::string request = peer->ReadUntil("\r\n\r\n");
    ++requests;
    peer->Write(Answer(request.find("/b ") == std::string::npos ? 200 : 500, "X", "OK"));
  });
  SetAddress(server.address());
  check().add_http_steps()->mutable_send()->set_uri("/a");
  AddExpect(HttpExpect::STRING, "OK");
  EXPECT_EQ(RunToText(), "L7OK 200");
  check().add_http_steps()->mutable_send()->set_uri("/b");
  EXPECT_EQ(RunToText(), "L7STS 500 X");
  EXPECT_EQ(requests, 3);
}

}  // namespace
}  // namespace lb::checks
