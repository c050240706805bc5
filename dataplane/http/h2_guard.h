// H2Guard: counts what an honest peer of an HTTP/2 connection has no reason to do, and says when it
// is too much. Pure: time is given to it.
//
// Two budgets, both of which time and useful work refill:
//
// - Faults: streams that the client resets before they were answered (rapid reset), streams that we
//   reset because of what it sent on them (made you reset), DATA without data. Each is a glitch.
// - Chatter: frames that move nothing (SETTINGS, PING, PRIORITY, WINDOW_UPDATE, RST_STREAM, unknown
//   ones), as far as they outnumber requests, responses and DATA by much. What is beyond the budget
//   is a glitch.
//
// One connection; its worker's thread. Source: CVE-2023-44487, CVE-2019-9511 to 9518,
// CVE-2025-8671; HAProxy configuration manual, "tune.h2.fe.glitches-threshold".
#ifndef LB_DATAPLANE_HTTP_H2_GUARD_H_
#define LB_DATAPLANE_HTTP_H2_GUARD_H_

#include <algorithm>
#include <cstdint>

#include "common/base/clock.h"

namespace lb::http {

class H2Guard {
 public:
  // `threshold`: glitches of the connection's whole life that end it; 0: no limit.
  explicit H2Guard(uint32_t threshold) : threshold_(threshold) {}

  // Time has passed: the budgets refill.
  void Advance(SteadyTime now);

  void CountFault(uint32_t weight = 1) {
    ++glitches_;
    faults_ += weight;
  }
  // A stream broke the protocol.
  void CountBadStream() {
    ++bad_streams_;
    CountFault(kBadStreamWeight);
  }
  void CountChatter() {
    if (++chatter_ > kMaxChatter) ++glitches_;
  }
  // A request, a response or DATA went through.
  void CountUse() { chatter_ -= std::min(chatter_, kChatterPerUse); }

  // The connection is to end with ENHANCE_YOUR_CALM.
  bool is_exceeded() const {
    return faults_ > kMaxFaults || chatter_ > kMaxChatter ||
           (threshold_ != 0 && glitches_ >= threshold_);
  }
  // Over the connection's life.
  uint64_t glitches() const { return glitches_; }
  uint64_t bad_streams() const { return bad_streams_; }

  static constexpr uint32_t kMaxFaults = 1000;
  static constexpr uint32_t kMaxChatter = 2000;
  static constexpr uint32_t kRefillPerSecond = 50;

 private:
  static constexpr uint32_t kBadStreamWeight = 5;
  static constexpr uint32_t kChatterPerUse = 8;

  const uint32_t threshold_;
  uint64_t glitches_ = 0;
  uint64_t bad_streams_ = 0;
  uint32_t faults_ = 0;
  uint32_t chatter_ = 0;
  SteadyTime refilled_at_{};
};

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_H2_GUARD_H_
