// Clock: the time, passed in so that tests can hold it still.
// The real clock may be read from any thread.
#ifndef LB_COMMON_BASE_CLOCK_H_
#define LB_COMMON_BASE_CLOCK_H_

#include <chrono>
#include <cstdint>

namespace lb {

// Steady time since an arbitrary start; for deadlines and durations.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
// Wall-clock time; for logs, history and people.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;
using Nanos = std::chrono::nanoseconds;
using Millis = std::chrono::milliseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime Now() const = 0;
  virtual WallTime WallNow() const = 0;

  // The operating system's clocks. Lives for the whole process.
  static const Clock& Real();
};

// A clock that moves only when told to.
class FakeClock : public Clock {
 public:
  SteadyTime Now() const override { return now_; }
  WallTime WallNow() const override { return wall_; }
  void Advance(Nanos by) {
    now_ += by;
    wall_ += by;
  }

 private:
  SteadyTime now_{std::chrono::hours(1)};
  WallTime wall_{std::chrono::seconds(1'700'000'000)};
};

}  // namespace lb

#endif  // LB_COMMON_BASE_CLOCK_H_
