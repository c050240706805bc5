#include "common/base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

namespace lb {
namespace {

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }
int Open() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

TEST(UniqueFd, ClosesWhatItOwns) {
  const int fd = Open();
  {
    UniqueFd owner(fd);
    EXPECT_TRUE(owner.valid());
    EXPECT_TRUE(IsOpen(fd));
  }
  EXPECT_FALSE(IsOpen(fd));
}

TEST(UniqueFd, MovingHandsItOver) {
  const int first = Open();
  const int second = Open();
  UniqueFd a(first);
  UniqueFd b(second);
  b = std::move(a);
  EXPECT_FALSE(a.valid());
  EXPECT_EQ(b.get(), first);
  EXPECT_TRUE(IsOpen(first));
  EXPECT_FALSE(IsOpen(second));
  UniqueFd c(std::move(b));
  EXPECT_EQ(c.get(), first);
}

TEST(UniqueFd, ReleasedIsNotClosed) {
  const int fd = Open();
  { EXPECT_EQ(UniqueFd(fd).Release(), fd); }
  EXPECT_TRUE(IsOpen(fd));
  close(fd);
}

}  // namespace
}  // namespace lb
