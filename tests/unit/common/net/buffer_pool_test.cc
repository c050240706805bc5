#include "common/net/buffer_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "common/base/sanitizers.h"

namespace lb::net {
namespace {

TEST(Buffer, HoldsNoMemoryUntilReserved) {
  BufferPool pool(64);
  Buffer buffer(&pool);
  EXPECT_FALSE(buffer.has_memory());
  EXPECT_EQ(buffer.free_bytes(), 0u);
  EXPECT_EQ(buffer.readable(), "");
  buffer.Reserve();
  EXPECT_EQ(buffer.free_bytes(), 64u);
  EXPECT_EQ(buffer.capacity(), 64u);
  buffer.Release();
  EXPECT_FALSE(buffer.has_memory());
}

TEST(Buffer, MovesItsWindow) {
  BufferPool pool(8);
  Buffer buffer(&pool);
  buffer.Reserve();
  buffer.Append("abc");
  std::memcpy(buffer.free_space(), "de", 2);
  buffer.Commit(2);
  EXPECT_EQ(buffer.readable(), "abcde");
  buffer.Consume(2);
  EXPECT_EQ(buffer.readable(), "cde");
  EXPECT_EQ(buffer.consumed_bytes(), 2u);
  EXPECT_EQ(buffer.free_bytes(), 3u);
  buffer.Compact();
  EXPECT_EQ(buffer.readable(), "cde");
  EXPECT_EQ(buffer.free_bytes(), 5u);
  buffer.Consume(3);
  EXPECT_TRUE(buffer.is_empty());
  EXPECT_EQ(buffer.free_bytes(), 8u) << "an empty buffer starts from its front";
}

TEST(Buffer, ConsumedInPlaceStaysReadableForItsViews) {
  BufferPool pool(8);
  Buffer buffer(&pool);
  buffer.Reserve();
  buffer.Append("abcd");
  const std::string_view view = buffer.readable();
  buffer.ConsumeInPlace(4);
  EXPECT_TRUE(buffer.is_empty());
  buffer.Append("ef");
  EXPECT_EQ(view, "abcd");
  EXPECT_EQ(buffer.readable(), "ef");
  buffer.Clear();
  EXPECT_EQ(buffer.free_bytes(), 8u);
}

TEST(BufferPool, ReusesBuffers) {
  if (!kPoolsReuse) GTEST_SKIP() << "AddressSanitizer watches memory that was given back";
  BufferPool pool(64, /*max_spare=*/1);
  Buffer a(&pool), b(&pool);
  a.Reserve();
  b.Reserve();
  const char* bytes = a.read_position();
  EXPECT_NE(bytes, b.read_position());
  a.Release();
  b.Release();  // beyond the spare one: freed
  a.Reserve();
  EXPECT_EQ(a.read_position(), bytes);
}

TEST(BufferDeathTest, RefusesToOverflow) {
  BufferPool pool(4);
  Buffer buffer(&pool);
  buffer.Reserve();
  EXPECT_DEATH(buffer.Append("abcde"), "free_bytes");
}

}  // namespace
}  // namespace lb::net
