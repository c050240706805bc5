// Counters of frontends, backends and servers: one block per worker, so that workers never write
// to one cache line. A block is written by its worker only and read by the main thread, which sums.
#ifndef LB_DATAPLANE_UPSTREAM_COUNTERS_H_
#define LB_DATAPLANE_UPSTREAM_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace lb::upstream {

// A number with one writing thread: adding costs a plain addition.
class Count {
 public:
  void Add(uint64_t n = 1) { value_.store(get() + n, std::memory_order_relaxed); }
  void Set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// A sliding average over about the last 1024 samples, and the maximum. One writing thread.
// Source: HAProxy management manual, fields "qtime" to "ttime".
class TimeAverage {
 public:
  void Add(uint64_t ms) {
    constexpr uint64_t kWindow = 1024;
    uint64_t samples = samples_.get() < kWindow ? samples_.get() + 1 : kWindow;
    uint64_t sum = sum_.get();
    if (samples == kWindow && samples_.get() == kWindow) sum -= (sum + kWindow - 1) / kWindow;
    sum_.Set(sum + ms);
    samples_.Set(samples);
    if (ms > max_.get()) max_.Set(ms);
  }
  uint64_t sum() const { return sum_.get(); }
  uint64_t samples() const { return samples_.get(); }
  uint64_t max() const { return max_.get(); }
  void ClearMax() { max_.Set(0); }

 private:
  Count sum_;
  Count samples_;
  Count max_;
};

// By status class: 1xx to 5xx, then anything else.
struct ResponseCounts {
  std::array<Count, 6> by_class;
  void Add(int status) {
    by_class[status >= 100 && status < 600 ? static_cast<size_t>(status / 100 - 1) : 5].Add();
  }
};

struct alignas(64) FrontendBlock {
  Count connections, sessions, bytes_in, bytes_out;
  Count denied_requests, denied_responses, request_errors, requests;
  Count h2_connections, h2_connection_errors, h2_stream_errors, h2_glitches;
  ResponseCounts responses;
};

// Of a backend and of a server alike.
struct alignas(64) UpstreamBlock {
  Count sessions, bytes_in, bytes_out, denied_requests, denied_responses;
  Count connect_errors, response_errors, retries, redispatches, requests;
  Count client_aborts, server_aborts, chosen, connect_attempts, reused_connections;
  Count last_session_unix_ms;
  ResponseCounts responses;
  TimeAverage queue_time, connect_time, response_time, total_time;
};

template <typename Block>
class PerWorker {
 public:
  explicit PerWorker(size_t workers) : blocks_(new Block[workers]), size_(workers) {}
  Block& operator[](size_t worker) { return blocks_[worker]; }
  const Block& operator[](size_t worker) const { return blocks_[worker]; }
  size_t size() const { return size_; }

 private:
  std::unique_ptr<Block[]> blocks_;
  size_t size_;
};

using FrontendCounters = PerWorker<FrontendBlock>;
using UpstreamCounters = PerWorker<UpstreamBlock>;

}  // namespace lb::upstream

#endif  // LB_DATAPLANE_UPSTREAM_COUNTERS_H_
