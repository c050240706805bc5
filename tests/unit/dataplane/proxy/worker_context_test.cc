#include "dataplane/proxy/worker_context.h"

#include "gtest/gtest.h"

#include "dataplane/proxy/exchange.h"

namespace lb::proxy {
namespace {

TEST(WorkerContext, BeginsEmptyWithBuffersOfTheConfiguredSize) {
  event::EventLoop loop;
  WorkerContext worker(/*worker_index=*/3, &loop, /*buffer_bytes=*/2048);
  EXPECT_EQ(worker.index, 3u);
  EXPECT_EQ(worker.buffers.buffer_bytes(), 2048u);
  EXPECT_EQ(worker.sessions.size(), 0u);
  EXPECT_NE(worker.exchanges->Take(), nullptr);
}

}  // namespace
}  // namespace lb::proxy
