#include "common/event/frame_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "common/base/sanitizers.h"

namespace lb::event {
namespace {

TEST(FramePool, ReusesFreedMemoryOfTheSameSize) {
  if (!kPoolsReuse) GTEST_SKIP() << "AddressSanitizer watches memory that was given back";
  void* first = AllocateFrame(200);
  FreeFrame(first, 200);
  void* second = AllocateFrame(201);  // the same class
  EXPECT_EQ(second, first);
  void* third = AllocateFrame(200);
  EXPECT_NE(third, first);
  FreeFrame(second, 201);
  FreeFrame(third, 200);
}

TEST(FramePool, GivesDistinctMemoryOfEverySize) {
  std::vector<std::pair<void*, size_t>> frames;
  for (size_t bytes : {size_t{1}, size_t{63}, size_t{64}, size_t{65}, size_t{4096}, size_t{4097},
                       size_t{100'000}}) {
    for (int i = 0; i < 3; ++i) {
      void* frame = AllocateFrame(bytes);
      std::memset(frame, static_cast<int>(frames.size()), bytes);
      frames.emplace_back(frame, bytes);
    }
  }
  for (size_t i = 0; i < frames.size(); ++i) {
    const auto* bytes = static_cast<const unsigned char*>(frames[i].first);
    EXPECT_EQ(bytes[0], i);
    EXPECT_EQ(bytes[frames[i].second - 1], i);
    FreeFrame(frames[i].first, frames[i].second);
  }
}

}  // namespace
}  // namespace lb::event
