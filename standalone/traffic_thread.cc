#include "standalone/traffic_thread.h"

#include <unistd.h>

#include <utility>

#include "common/base/status.h"

namespace lb::standalone {
namespace {

server::DataPlaneOptions OptionsOfThisHost() {
  char name[256] = {};
  server::DataPlaneOptions options;
  options.node = gethostname(name, sizeof(name) - 1) == 0 && name[0] != '\0' ? name : "localhost";
  options.version = LB_VERSION;
  options.process_forks = true;  // external checks
  return options;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TrafficThread>> TrafficThread::Start(
    std::shared_ptr<grpc::Channel> channel, event::EventLoop* loop,
    std::function<void()> on_ended) {
  auto process =
      std::make_unique<server::DataPlaneProcess>(OptionsOfThisHost(), std::move(channel));
  LB_RETURN_IF_ERROR(process->Start());
  std::unique_ptr<TrafficThread> made(new TrafficThread());
  made->process_ = process.get();
  TrafficThread* self = made.get();
  made->thread_ = std::thread(
      [self, loop, process = std::move(process), on_ended = std::move(on_ended)]() mutable {
        process->Run();
        {
          std::lock_guard<std::mutex> lock(self->mutex_);
          self->process_ = nullptr;
        }
        process.reset();  // here, where it ran
        loop->Post(std::move(on_ended));
      });
  return made;
}

TrafficThread::~TrafficThread() { thread_.join(); }

void TrafficThread::Drain(std::optional<Millis> limit) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (process_ != nullptr) process_->Drain(limit);
}

void TrafficThread::StopNow() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (process_ != nullptr) process_->StopNow();
}

}  // namespace lb::standalone
