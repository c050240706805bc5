#include "common/base/ids.h"

#include <gtest/gtest.h>

#include <set>

namespace lb {
namespace {

// Stored on disk and sent between versions: these values may never change.
TEST(Ids, NeverChange) {
  EXPECT_EQ(FrontendIdOf("web"), FrontendIdOf(std::string("we") + "b"));
  EXPECT_EQ(ServerIdOf("b", "s1"), 0xdb28dc0a1dcff1e3u);
  EXPECT_EQ(BackendIdOf("b"), 0xf4f699f8f4029afau);
  EXPECT_EQ(FrontendIdOf("b"), 0xf361501fe7715f7u);
}

TEST(Ids, TellKindsAndNamesApart) {
  std::set<uint64_t> ids = {FrontendIdOf("b"),       BackendIdOf("b"),      ServerIdOf("b", ""),
                            ServerIdOf("", "b"),     ServerIdOf("a", "bc"), ServerIdOf("ab", "c"),
                            FrontendIdOf("serverb"), ServerIdOf("b", "s1")};
  EXPECT_EQ(ids.size(), 8u);
}

}  // namespace
}  // namespace lb
