// Histogram: latencies in nanoseconds, kept in buckets about 3 % wide, so that a long run costs a
// fixed 16 KiB and no allocation. Pure; not thread-safe.

#ifndef LB_BENCH_HISTOGRAM_H_
#define LB_BENCH_HISTOGRAM_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace lb::bench {

class Histogram {
 public:
  void Record(uint64_t ns) {
    ++buckets_[BucketOf(ns)];
    ++total_;
  }

  // The latency that `fraction` (0..1) of the records do not exceed, or 0 without records.
  uint64_t Percentile(double fraction) const {
    const auto wanted = static_cast<uint64_t>(fraction * static_cast<double>(total_));
    uint64_t seen = 0;
    for (size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > 0 && seen >= wanted) return UpperEdge(i);
    }
    return 0;
  }

 private:
  // Each power of two is cut in 2^kStepBits equal steps; below 2^kStepBits a bucket is one value.
  static constexpr int kStepBits = 5;

  static size_t BucketOf(uint64_t ns) {
    if (ns < (1u << kStepBits)) return ns;
    const int shift = std::bit_width(ns) - 1 - kStepBits;
    return (static_cast<size_t>(shift) << kStepBits) + (ns >> shift);
  }

  static uint64_t UpperEdge(size_t bucket) {
    if (bucket < (2u << kStepBits)) return bucket;
    const size_t shift = (bucket >> kStepBits) - 1;
    return (((bucket & ((1u << kStepBits) - 1)) + (1u << kStepBits) + 1) << shift) - 1;
  }

  std::array<uint64_t, (64 - kStepBits + 1) << kStepBits> buckets_{};
  uint64_t total_ = 0;
};

}  // namespace lb::bench

#endif  // LB_BENCH_HISTOGRAM_H_
