// Attacks on an H2Session: each is ended with ENHANCE_YOUR_CALM before it costs much, and what an
// honest client does in large amounts is not.
#include "dataplane/http/h2_guard.h"

#include <functional>
#include <optional>
#include <string>

#include "gtest/gtest.h"

#include "dataplane/http/h2_session.h"
#include "tests/testing/h2_frames.h"
#include "tests/testing/h2_peer.h"

namespace lb::http {
namespace {

using namespace lb::testing;  // NOLINT: frames are the language of these tests

class H2GuardTest : public ::testing::Test {
 protected:
  H2GuardTest() { Open(H2Settings()); }
  void Open(const H2Settings& settings) {
    listener_.users.clear();
    session_ =
        std::make_unique<H2Session>(H2Session::Role::kServer, settings, Limits(), 1, &listener_);
    session_->Receive(Preface() + SettingsFrame(), now_);
    ProduceAll(session_.get());
  }
  // Sends `step(i)` until the connection has ended, at most `most` times. How often it was sent.
  int Attack(int most, const std::function<std::string(int)>& step) {
    for (int i = 0; i < most; ++i) {
      session_->Receive(step(i), now_);
      ProduceAll(session_.get());
      for (auto& user : listener_.users) {
        if (user->closed.has_value() && user->channel != nullptr) {
          session_->Detach(std::exchange(user->channel, nullptr));
        }
      }
      if (session_->is_over()) return i + 1;
    }
    return most;
  }
  static uint32_t Id(int i) { return static_cast<uint32_t>(2 * i + 1); }

  SteadyTime now_{};
  RecordingListener listener_;
  std::unique_ptr<H2Session> session_;
};

TEST_F(H2GuardTest, AttacksEndTheConnection) {
  struct Attacks {
    const char* name;
    int most;
    std::function<std::string(int)> step;
  };
  const std::string tiny_block = Block(GetFields());
  const Attacks attacks[] = {
      {"rapid reset", 1100,
       [](int i) { return HeadersFrame(Id(i), GetFields(), kEndStream) + RstFrame(Id(i)); }},
      {"made you reset by a window", 300,
       [](int i) { return HeadersFrame(Id(i), GetFields()) + WindowFrame(Id(i), 0x7fffffff); }},
      {"made you reset by a length", 300,
       [](int i) {
         return HeadersFrame(Id(i), RequestFields("POST", "/", {{"content-length", "1"}})) +
                DataFrame(Id(i), "xy");
       }},
      {"malformed heads", 300,
       [](int i) {
         return HeadersFrame(Id(i), GetFields({{"connection", "x"}}), kEndStream);
       }},
      {"PING", 2100, [](int) { return Frame(kPing, 0, 0, "12345678"); }},
      {"SETTINGS", 2100,
       [](int) {
         return SettingsFrame({{4, 70000}});
       }},
      {"PRIORITY", 2100, [](int i) { return Frame(kPriority, 0, Id(i), Number(0) + '\1'); }},
      {"WINDOW_UPDATE", 2100, [](int) { return WindowFrame(0, 1); }},
      {"empty DATA", 1100,
       [](int i) { return (i == 0 ? HeadersFrame(1, GetFields()) : "") + DataFrame(1, ""); }},
      {"DATA of padding", 1100,
       [](int i) {
         return (i == 0 ? HeadersFrame(1, GetFields()) : "") +
                Frame(kData, kPadded, 1, std::string("\3\0\0\0", 4));
       }},
      {"unknown frames", 2100, [](int) { return Frame(0x42, 0, 0, ""); }},
      {"unknown frames with a payload", 2100, [](int) { return Frame(0xff, 0, 7, "abc"); }},
      {"empty CONTINUATION", 30,
       [&](int i) {
         return i == 0 ? Frame(kHeaders, kEndStream, 1, tiny_block)
                       : Frame(kContinuation, 0, 1, "");
       }},
  };
  for (const Attacks& attack : attacks) {
    SCOPED_TRACE(attack.name);
    Open(H2Settings());
    EXPECT_LT(Attack(attack.most, attack.step), attack.most);
    EXPECT_EQ(session_->failure(), H2Error::kEnhanceYourCalm);
  }
}

TEST_F(H2GuardTest, ABlockThatUnpacksToMuchMoreIsNotUnpackedWhole) {
  // One large field in the table, then references to it.
  std::string block = Block(GetFields());
  block += '\x40' + HpackText("bomb") + HpackText(std::string(3900, 'x'));
  block += std::string(11000, '\xbe');
  session_->Receive(Frame(kHeaders, kEndStream | kEndHeaders, 1, block), now_);
  ProduceAll(session_.get());
  EXPECT_EQ(session_->failure(), H2Error::kEnhanceYourCalm);
  EXPECT_TRUE(session_->is_over());
}

TEST_F(H2GuardTest, APeerThatDoesNotReadIsNotAnsweredForEver) {
  // Nothing is produced: the answers pile up.
  bool goes_on = true;
  int rounds = 0;
  for (; goes_on && rounds < 10000; ++rounds) {
    goes_on = session_->Receive(Frame(kPing, 0, 0, "12345678"), now_);
  }
  EXPECT_LT(rounds, 5000);
}

TEST_F(H2GuardTest, HonestAmountsDoNotEndTheConnection) {
  ResponseHead head;
  head.status = 200;
  // Answered requests with a PING and two WINDOW_UPDATEs each, a tenth of them cancelled early.
  for (int i = 0; i < 5000; ++i) {
    now_ += Millis(5);
    std::string bytes = HeadersFrame(Id(i), GetFields(), kEndStream) +
                        Frame(kPing, 0, 0, "12345678") + WindowFrame(0, 100) + WindowFrame(0, 100);
    if (i % 10 == 0) bytes += RstFrame(Id(i));
    ASSERT_TRUE(session_->Receive(bytes, now_));
    H2Channel* channel = listener_.users.back()->channel;
    session_->SendResponse(channel, head, /*ends=*/true);
    ProduceAll(session_.get());
    session_->Detach(channel);
    listener_.users.clear();
  }
  EXPECT_FALSE(session_->is_over());
}

TEST_F(H2GuardTest, IdleKeepalivePingsAreHonest) {
  for (int i = 0; i < 10000; ++i) {
    now_ += Millis(100);
    ASSERT_TRUE(session_->Receive(Frame(kPing, 0, 0, "12345678"), now_));
    ProduceAll(session_.get());
  }
}

TEST_F(H2GuardTest, TheThresholdOfTheConfigurationCountsGlitches) {
  H2Settings settings;
  settings.glitches_threshold = 3;
  Open(settings);
  EXPECT_EQ(Attack(10,
                   [](int i) {
                     return HeadersFrame(Id(i), GetFields({{"connection", "x"}}), kEndStream);
                   }),
            3);
  EXPECT_EQ(session_->failure(), H2Error::kEnhanceYourCalm);
  EXPECT_EQ(session_->guard().glitches(), 3u);
}

}  // namespace
}  // namespace lb::http
