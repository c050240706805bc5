// Source: something a coroutine can wait on. It has readiness bits and at most one waiter.
//
// A Source belongs to one EventLoop and is touched on that loop's thread only. Raise() never runs
// the waiter inside the caller: it is queued, and runs when the loop comes round to it, once,
// however many of its sources became ready.
#ifndef LB_COMMON_EVENT_SOURCE_H_
#define LB_COMMON_EVENT_SOURCE_H_

#include <cstdint>

namespace lb::event {

class EventLoop;
class Waiter;

// Readiness, as bits of a mask.
enum Ready : uint8_t {
  kReadable = 1,
  kWritable = 2,
  kHungUp = 4,     // the peer shut down its side, or the socket failed: a read will tell
  kSignalled = 8,  // not a descriptor's: something else happened (a queue slot, an abort)
  // As kReadable, of a descriptor: cleared by TLS alone, whose own kReadable may outlast it.
  kSocketReadable = 16,
};

class Source {
 public:
  explicit Source(EventLoop* loop) : loop_(loop) {}
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  ~Source();

  EventLoop* loop() const { return loop_; }
  bool is_ready(uint8_t mask) const { return (ready_ & mask) != 0; }
  uint8_t ready() const { return ready_; }

  // Sets bits; queues the waiter when it is interested in one of them.
  void Raise(uint8_t mask);
  void Clear(uint8_t mask) { ready_ &= static_cast<uint8_t>(~mask); }

 private:
  friend class Waiter;

  EventLoop* loop_;
  Waiter* waiter_ = nullptr;
  uint8_t ready_ = 0;
  uint8_t interest_ = 0;
};

}  // namespace lb::event

#endif  // LB_COMMON_EVENT_SOURCE_H_
