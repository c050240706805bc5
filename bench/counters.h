// Counters: what a load generator has seen, and how it tells it: one JSON object on a line.
// Not thread-safe.

#ifndef LB_BENCH_COUNTERS_H_
#define LB_BENCH_COUNTERS_H_

#include <cstdint>
#include <cstdio>
#include <ctime>

#include "bench/histogram.h"
#include "bench/socket.h"

namespace lb::bench {

struct Counters {
  uint64_t requests = 0;
  uint64_t failed = 0;  // wrong answers
  uint64_t resets = 0;  // connections lost with something owed
  uint64_t closes = 0;  // replies that announced their connection's end
  uint64_t connect_errors = 0;
  uint64_t bytes = 0;  // received
  Histogram latency;

  // With what this process has used of the processor since it began.
  void Print(uint64_t begin_ns, uint64_t end_ns) const {
    timespec cpu{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    std::printf(
        "{\"requests\": %lu, \"failed\": %lu, \"resets\": %lu, \"closes\": %lu, "
        "\"connect_errors\": %lu, \"seconds\": %.6f, \"cpu_seconds\": %.6f, \"bytes\": %lu, "
        "\"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f}\n",
        requests, failed, resets, closes, connect_errors,
        static_cast<double>(end_ns - begin_ns) / 1e9,
        static_cast<double>(cpu.tv_sec) + static_cast<double>(cpu.tv_nsec) / 1e9, bytes,
        static_cast<double>(latency.Percentile(0.5)) / 1e3,
        static_cast<double>(latency.Percentile(0.99)) / 1e3,
        static_cast<double>(latency.Percentile(1)) / 1e3);
  }
};

}  // namespace lb::bench

#endif  // LB_BENCH_COUNTERS_H_
