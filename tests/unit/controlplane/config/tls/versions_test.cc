#include "controlplane/config/tls/versions.h"

#include <vector>

#include "gtest/gtest.h"

namespace lb::config {
namespace {

constexpr uint32_t kNo10 = 1u << v1::TLS_1_0;
constexpr uint32_t kNo11 = 1u << v1::TLS_1_1;
constexpr uint32_t kNo12 = 1u << v1::TLS_1_2;
constexpr uint32_t kNo13 = 1u << v1::TLS_1_3;
constexpr uint32_t kNoSslv3 = 1u << TlsVersionWords::kSslv3;

// What HAProxy 2.6 lets clients speak, by the words of its bind line.
TEST(TlsVersions, FollowTheWords) {
  struct Case {
    std::optional<int> min;
    std::optional<int> max;
    uint32_t disabled;
    v1::TlsVersion least;
    v1::TlsVersion highest;
    bool warns;
  };
  const std::vector<Case> cases = {
      {{}, {}, 0, v1::TLS_1_2, v1::TLS_1_3, false},
      {{}, {}, kNoSslv3, v1::TLS_1_2, v1::TLS_1_3, false},
      {{}, {}, kNo10 | kNo11, v1::TLS_1_2, v1::TLS_1_3, false},
      {{}, {}, kNo12, v1::TLS_1_3, v1::TLS_1_3, false},
      {{}, {}, kNo13 | kNo10, v1::TLS_1_2, v1::TLS_1_2, false},
      {v1::TLS_1_0, {}, 0, v1::TLS_1_0, v1::TLS_1_3, false},
      {TlsVersionWords::kSslv3, {}, 0, v1::TLS_1_0, v1::TLS_1_3, false},
      {{}, v1::TLS_1_2, 0, v1::TLS_1_2, v1::TLS_1_2, false},
      {{}, v1::TLS_1_1, 0, v1::TLS_1_1, v1::TLS_1_1, true},
      {{}, v1::TLS_1_0, 0, v1::TLS_1_0, v1::TLS_1_0, true},
      {v1::TLS_1_1, v1::TLS_1_1, 0, v1::TLS_1_1, v1::TLS_1_1, false},
      {{}, v1::TLS_1_3, kNo12, v1::TLS_1_2, v1::TLS_1_3, true},
      {v1::TLS_1_2, {}, kNoSslv3, v1::TLS_1_2, v1::TLS_1_3, false},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    const Case& c = cases[i];
    TlsVersionWords words;
    words.min = c.min;
    words.max = c.max;
    words.disabled = c.disabled;
    const TlsVersionRange range = ResolveVersions(words);
    EXPECT_FALSE(range.is_empty) << i;
    EXPECT_EQ(range.min, c.least) << i;
    EXPECT_EQ(range.max, c.highest) << i;
    EXPECT_EQ(!range.warning.empty(), c.warns) << i;
  }
}

TEST(TlsVersions, MayAllBeRuledOut) {
  TlsVersionWords words;
  words.disabled = kNo12 | kNo13;
  EXPECT_TRUE(ResolveVersions(words).is_empty);
  words = {};
  words.min = v1::TLS_1_3;
  words.max = v1::TLS_1_2;
  EXPECT_TRUE(ResolveVersions(words).is_empty);
  words.min = words.max = TlsVersionWords::kSslv3;
  EXPECT_TRUE(ResolveVersions(words).is_empty);
}

}  // namespace
}  // namespace lb::config
