#include "dataplane/proxy/pipe_pool.h"

#include <unistd.h>

#include "gtest/gtest.h"

namespace lb::proxy {
namespace {

TEST(PipePool, GivesTheSamePipeAgain) {
  PipePool pool;
  std::optional<Pipe> pipe = pool.Take();
  ASSERT_TRUE(pipe.has_value());
  EXPECT_GE(pipe->capacity, 4096u);
  EXPECT_EQ(write(pipe->write_end.get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(read(pipe->read_end.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
  const int end = pipe->read_end.get();
  pool.Give(std::move(*pipe));
  EXPECT_EQ(pool.Take()->read_end.get(), end);
}

TEST(PipePool, KeepsNoPipeThatHoldsBytes) {
  PipePool pool;
  Pipe pipe = *pool.Take();
  EXPECT_EQ(write(pipe.write_end.get(), "x", 1), 1);
  pipe.held = 1;
  pool.Give(std::move(pipe));
  Pipe next = *pool.Take();
  EXPECT_EQ(next.held, 0u);
  char byte = 0;
  EXPECT_EQ(read(next.read_end.get(), &byte, 1), -1);
}

}  // namespace
}  // namespace lb::proxy
