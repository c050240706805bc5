// DataPlaneProcess with a gRPC control plane in the same process, as in lbd.
#include "dataplane/server/data_plane_process.h"

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/fake_control_plane.h"
#include "tests/testing/snapshots.h"
#include "tests/testing/temp_dir.h"

namespace lb::server {
namespace {

using testing::FakeControlPlane;
using ::testing::HasSubstr;

constexpr char kSnapshot[] = "revision: 4 frontends { common { name: 'f' mode: PROXY_MODE_HTTP } }";

// One session: takes the data plane to `kSnapshot`, keeps its Hello, and stays until it ends.
class Rollout {
 public:
  FakeControlPlane::Script Script() {
    return [this](FakeControlPlane::Stream* stream) { Run(stream); };
  }
  v1::Hello WaitServing() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [this] { return is_serving_; });
    EXPECT_TRUE(is_serving_);
    return hello_;
  }

 private:
  void Run(FakeControlPlane::Stream* stream) {
    v1::FromDataPlane message;
    stream->Read(&message);
    const v1::Hello hello = message.hello();
    v1::ToDataPlane order;
    if (hello.revision() == 0) {
      *order.mutable_prepare()->mutable_full() = testing::SnapshotOf(kSnapshot);
      stream->Write(order);
    } else {
      Tell(hello);
    }
    while (stream->Read(&message)) {
      if (message.ack().stage() == v1::Ack::VALIDATED) {
        order.mutable_commit()->set_revision(message.ack().revision());
        stream->Write(order);
      }
      if (message.ack().stage() == v1::Ack::SERVING) Tell(hello);
    }
  }
  void Tell(const v1::Hello& hello) {
    std::lock_guard<std::mutex> lock(mutex_);
    hello_ = hello;
    is_serving_ = true;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  v1::Hello hello_;
  bool is_serving_ = false;
};

DataPlaneOptions OptionsIn(const std::string& state_dir) {
  DataPlaneOptions options;
  options.node = "n1";
  options.state_dir = state_dir;
  options.workers = 1;
  return options;
}

TEST(DataPlaneProcess, ServesWhatAnInProcessControlPlaneSays) {
  Rollout rollout;
  FakeControlPlane control(rollout.Script());
  DataPlaneProcess process(OptionsIn(""), control.Channel());
  ASSERT_TRUE(process.Start().ok());
  std::thread thread([&] { process.Run(); });
  EXPECT_EQ(rollout.WaitServing().node(), "n1");
  process.Drain(Millis(0));
  thread.join();
}

TEST(DataPlaneProcess, ServesFromBeforeWhenNobodyAnswers) {
  testing::TempDir directory;
  {
    Rollout rollout;
    FakeControlPlane control(rollout.Script());
    DataPlaneProcess process(OptionsIn(directory.path()), control.Channel());
    ASSERT_TRUE(process.Start().ok());
    std::thread thread([&] { process.Run(); });
    rollout.WaitServing();
    process.Drain(Millis(0));
    thread.join();
  }
  EXPECT_EQ(SnapshotFile(directory.path()).ReadSnapshot()->revision(), 4u);

  // The next control plane ends the first session without a word, and learns in the second that the
  // data plane serves already.
  Rollout rollout;
  std::atomic<int> sessions{0};
  FakeControlPlane control([&](FakeControlPlane::Stream* stream) {
    if (sessions++ > 0) rollout.Script()(stream);
  });
  DataPlaneProcess process(OptionsIn(directory.path()), control.Channel());
  ASSERT_TRUE(process.Start().ok());
  std::thread thread([&] { process.Run(); });
  EXPECT_EQ(rollout.WaitServing().revision(), 4u);
  process.StopNow();
  thread.join();
}

TEST(DataPlaneProcess, AStateDirectoryInUseIsRefusedAtTheStart) {
  testing::TempDir directory;
  absl::StatusOr<StateDir> held = StateDir::Open(directory.path());
  ASSERT_TRUE(held.ok());
  DataPlaneProcess process(OptionsIn(directory.path()), DialControlPlane("unix:/nonexistent"));
  absl::Status status = process.Start();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("in use"));
}

TEST(RaiseDescriptorLimit, TellsTheLimit) { EXPECT_GT(RaiseDescriptorLimit(), 100u); }

}  // namespace
}  // namespace lb::server
