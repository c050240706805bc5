#include "controlplane/service/expiry_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/unit/controlplane/service/controller_fixture.h"

namespace lb::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// When tests/testing/certs/site.pem expires: 2125-01-01.
const WallTime kEnd = WallTime(std::chrono::seconds(4'891'363'200));
constexpr std::chrono::hours kDay(24);

class ExpiryWatchTest : public ControllerFixture {
 protected:
  void StartAt(WallTime now) {
    clock_.Advance(now - clock_.WallNow());
    ASSERT_TRUE(Start("tls site.pem tests/testing/certs/site.pem\n").ok());
  }
  // What the history says of the file, oldest first, once the worker is done.
  std::vector<std::string> Told(size_t expected) {
    std::vector<std::string> texts;
    TurnUntil([&] {
      texts = EventTexts("site.pem");
      return texts.size() >= expected;
    });
    return texts;
  }
};

TEST_F(ExpiryWatchTest, TellsOnceWhenACertificateComesNearAndOnceWhenItIsPast) {
  StartAt(kEnd - 32 * kDay);
  for (int day = 0; day < 10; ++day) After(kDay);
  ASSERT_THAT(Told(1), ElementsAre(HasSubstr("CN=www.example.test' expires on 2125-01-01, in")));
  for (int day = 0; day < 24; ++day) After(kDay);
  TurnUntil([&] {
    const std::vector<std::string> texts = EventTexts("site.pem");
    return !texts.empty() && texts.back().find("expired") != std::string::npos;
  });
  for (int day = 0; day < 3; ++day) After(kDay);
  // The history keeps a month: the first is there no longer.
  EXPECT_THAT(Told(1), ElementsAre(HasSubstr("has expired on 2125-01-01")));
}

TEST_F(ExpiryWatchTest, TellsAtTheStart) {
  StartAt(kEnd + kDay);
  EXPECT_THAT(Told(1), ElementsAre(HasSubstr("has expired on 2125-01-01")));
}

TEST_F(ExpiryWatchTest, TellsNothingOfWhatHoldsLonger) {
  StartAt(kEnd - 40 * kDay);
  for (int day = 0; day < 3; ++day) After(kDay);
  EXPECT_TRUE(Told(0).empty());
}

TEST_F(ExpiryWatchTest, LooksAtWhatIsApplied) {
  StartAt(kEnd - 20 * kDay);
  ASSERT_EQ(Told(1).size(), 1u);
  ASSERT_TRUE(Apply("tls other.pem tests/testing/certs/wildcard.pem\n").ok());
  TurnUntil([&] { return !EventTexts("other.pem").empty(); });
  EXPECT_THAT(EventTexts("other.pem"), ElementsAre(HasSubstr("expires on")));
}

}  // namespace
}  // namespace lb::service
