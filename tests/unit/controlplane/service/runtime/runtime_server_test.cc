#include "controlplane/service/runtime/runtime_server.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "common/base/address.h"
#include "common/base/unique_fd.h"
#include "tests/unit/controlplane/service/runtime/fake_backend.h"

namespace lb::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A client of the socket that turns the server's loop while it waits.
class Client {
 public:
  Client(event::EventLoop* loop, const std::string& address) : loop_(loop) {
    const Address to = *Address::Parse(address);
    fd_.Reset(::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    is_connected_ = ::connect(fd_.get(), to.sa(), to.length()) == 0;
  }
  bool is_connected() const { return is_connected_; }
  void Send(const std::string& text) {
    ASSERT_EQ(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  void ShutdownWrite() { ::shutdown(fd_.get(), SHUT_WR); }
  void Close() { fd_.Reset(); }

  // Everything up to and including `mark`; with an empty mark, up to the end.
  std::string ReadUntil(const std::string& mark) {
    std::string got;
    for (int turn = 0; turn < 5000; ++turn) {
      loop_->RunOnce(Millis(1));
      char space[65536];
      const ssize_t n = ::recv(fd_.get(), space, sizeof space, MSG_DONTWAIT);
      if (n == 0) return mark.empty() ? got : got + "(end)";
      if (n < 0) continue;
      got.append(space, static_cast<size_t>(n));
      if (!mark.empty() && got.ends_with(mark)) return got;
    }
    return got + "(nothing more)";
  }

 private:
  event::EventLoop* loop_;
  UniqueFd fd_;
  bool is_connected_ = false;
};

class RuntimeServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/lb_runtime_test.XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
    settings_.sockets = {{.address = Path("admin"), .mode = 0600, .level = AccessLevel::kAdmin}};
    Configure();
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string Path(const std::string& name) const { return "unix:" + directory_ + "/" + name; }
  void Configure() {
    const absl::Status status = server_.Configure(settings_);
    ASSERT_TRUE(status.ok()) << status;
  }
  std::string Ask(const std::string& address, const std::string& text) {
    Client client(&loop_, address);
    if (!client.is_connected()) return "(not connected)";
    client.Send(text);
    return client.ReadUntil("");
  }
  // Turns the loop until `condition` holds.
  template <typename Condition>
  bool Turn(const Condition& condition) {
    for (int turn = 0; turn < 5000 && !condition(); ++turn) loop_.RunOnce(Millis(1));
    return condition();
  }

  std::string directory_;
  FakeBackend backend_;
  event::EventLoop loop_;
  RuntimeCommands commands_{&backend_, &Clock::Real(), "1.2.3"};
  RuntimeServer server_{&loop_, &commands_};
  RuntimeServerSettings settings_;
};

TEST_F(RuntimeServerTest, AnswersALineAndCloses) {
  EXPECT_EQ(Ask(Path("admin"), "show cli level\n"), "admin\n\n");
  EXPECT_EQ(Ask(Path("admin"), "show cli level\nget weight app/s1\n"),
            "admin\n\n10 (initial 10)\n\n");
  EXPECT_TRUE(Turn([this] { return server_.open_connections() == 0; }));
}

TEST_F(RuntimeServerTest, AClientThatHasClosedItsSideStillGetsItsAnswer) {
  backend_.holds_answers = true;
  Client client(&loop_, Path("admin"));
  client.Send("disable server app/s1\n");
  client.ShutdownWrite();
  EXPECT_TRUE(Turn([this] { return !backend_.log.empty(); }));
  backend_.AnswerAll();
  EXPECT_EQ(client.ReadUntil(""), "\n");
  EXPECT_EQ(backend_.last_origin.program, "runtime socket");
  EXPECT_EQ(backend_.last_origin.host, Path("admin"));
  EXPECT_NE(backend_.last_origin.user, "");
}

TEST_F(RuntimeServerTest, HoldsADialogueWithPrompts) {
  Client client(&loop_, Path("admin"));
  client.Send("prompt\n");
  EXPECT_EQ(client.ReadUntil("> "), "\n> ");
  client.Send("show cli ");
  client.Send("level\nget weight app/s1\n");
  EXPECT_EQ(client.ReadUntil("10)\n\n> "), "admin\n\n> 10 (initial 10)\n\n> ");
  client.Send("quit\n");
  EXPECT_EQ(client.ReadUntil(""), "");
}

TEST_F(RuntimeServerTest, ALineWithoutItsEndIsNotRun) {
  Client client(&loop_, Path("admin"));
  client.Send("disable server app/s1");
  client.ShutdownWrite();
  EXPECT_EQ(client.ReadUntil(""), "");
  EXPECT_TRUE(backend_.log.empty());
}

TEST_F(RuntimeServerTest, ALineThatIsTooLongEndsTheConversation) {
  Client client(&loop_, Path("admin"));
  client.Send(std::string(20'000, 'a'));
  EXPECT_TRUE(Turn([this] { return server_.open_connections() == 1; }));
  EXPECT_TRUE(Turn([this] { return server_.open_connections() == 0; }));
}

TEST_F(RuntimeServerTest, SilenceEndsTheConversation) {
  settings_.timeout = Millis(20);
  Configure();
  Client client(&loop_, Path("admin"));
  EXPECT_EQ(client.ReadUntil(""), "");
}

TEST_F(RuntimeServerTest, AClientThatLeavesDuringACommandDoesNoHarm) {
  backend_.holds_answers = true;
  {
    Client client(&loop_, Path("admin"));
    client.Send("disable server app/s1; enable server app/s2\n");
    EXPECT_TRUE(Turn([this] { return !backend_.log.empty(); }));
  }
  backend_.AnswerAll();
  backend_.AnswerAll();
  EXPECT_TRUE(Turn([this] { return server_.open_connections() == 0; }));
  EXPECT_THAT(backend_.log, ElementsAre("set app/s1 state maint", "set app/s2 state ready"));
}

TEST_F(RuntimeServerTest, AWaitingCommandOutlivesTheServer) {
  backend_.holds_answers = true;
  auto server = std::make_unique<RuntimeServer>(&loop_, &commands_);
  ASSERT_TRUE(
      server->Configure({.sockets = {{.address = Path("second"), .level = AccessLevel::kAdmin}}})
          .ok());
  Client client(&loop_, Path("second"));
  client.Send("disable server app/s1\n");
  EXPECT_TRUE(Turn([this] { return !backend_.log.empty(); }));
  server.reset();
  backend_.AnswerAll();
  EXPECT_EQ(client.ReadUntil(""), "");
}

TEST_F(RuntimeServerTest, ServesNoMoreThanItsMaximumAtOnce) {
  settings_.max_connections = 1;
  Configure();
  Client first(&loop_, Path("admin"));
  first.Send("prompt\n");
  EXPECT_EQ(first.ReadUntil("> "), "\n> ");
  Client second(&loop_, Path("admin"));
  second.Send("show cli level\n");
  for (int turn = 0; turn < 20; ++turn) loop_.RunOnce(Millis(1));
  EXPECT_EQ(server_.open_connections(), 1u);
  first.Close();
  EXPECT_EQ(second.ReadUntil(""), "admin\n\n");
}

TEST_F(RuntimeServerTest, ALongReplyReachesASlowReader) {
  for (int i = 0; i < 20'000; ++i) {
    v1::SessionEntry session;
    session.set_id(static_cast<uint64_t>(i));
    backend_.sessions.push_back(session);
  }
  const std::string reply = Ask(Path("admin"), "show sess\n");
  EXPECT_EQ(std::count(reply.begin(), reply.end(), '\n'), 20'001);
}

TEST_F(RuntimeServerTest, ReconfiguringKeepsWhatStays) {
  Client open(&loop_, Path("admin"));
  open.Send("prompt\n");
  EXPECT_EQ(open.ReadUntil("> "), "\n> ");
  settings_.sockets.push_back({.address = Path("user"), .mode = 0640, .level = AccessLevel::kUser});
  Configure();
  EXPECT_EQ(Ask(Path("user"), "show cli level\n"), "user\n\n");
  struct stat status = {};
  ASSERT_EQ(::stat((directory_ + "/user").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
  settings_.sockets.erase(settings_.sockets.begin());
  Configure();
  EXPECT_EQ(Ask(Path("admin"), "show cli level\n"), "(not connected)");
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/admin"));
  open.Send("show cli level\n");
  EXPECT_EQ(open.ReadUntil("> "), "admin\n\n> ");
}

TEST_F(RuntimeServerTest, ASocketThatCannotBeOpenedChangesNothing) {
  RuntimeServerSettings broken = settings_;
  broken.sockets.insert(broken.sockets.begin(), {.address = "unix:/nonexistent/dir/sock"});
  const absl::Status status = server_.Configure(broken);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nonexistent/dir/sock"));
  EXPECT_EQ(Ask(Path("admin"), "show cli level\n"), "admin\n\n");
}

TEST_F(RuntimeServerTest, SpeaksOverTcpAndOverInheritedSockets) {
  UniqueFd listener(::socket(AF_INET, SOCK_STREAM, 0));
  const Address any = *Address::FromIp("127.0.0.1", 0);
  ASSERT_EQ(::bind(listener.get(), any.sa(), any.length()), 0);
  ASSERT_EQ(::listen(listener.get(), 4), 0);
  const std::string inherited = "fd:" + std::to_string(listener.get());
  settings_.sockets = {{.address = inherited, .level = AccessLevel::kOperator}};
  Configure();
  const std::string address = Address::LocalOf(listener.get()).ToString();
  EXPECT_EQ(Ask(address, "show cli level\n"), "operator\n\n");
  settings_.sockets[0].level = AccessLevel::kUser;
  Configure();
  EXPECT_EQ(Ask(address, "show cli level\n"), "user\n\n");
  settings_.sockets[0].address = "fd:9999";
  EXPECT_FALSE(server_.Configure(settings_).ok());
}

}  // namespace
}  // namespace lb::service
