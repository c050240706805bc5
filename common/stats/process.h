// The facts of `show info`: one process, or a fleet of them as one.
// Source: HAProxy management guide, section 9.3, "show info"; the keys are HAProxy's, also the
// ones whose spelling nobody would choose today.
#ifndef LB_COMMON_STATS_PROCESS_H_
#define LB_COMMON_STATS_PROCESS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lb/v1/snapshot.pb.h"
#include "lb/v1/state.pb.h"

namespace lb::stats {

struct ProcessItem {
  int position = 0;  // HAProxy's number of the key
  std::string_view name;
  std::string_view tags;  // as FieldFacts::tags
  std::string_view type;  // "u32", "u64", "str"
  std::string text;       // used when `type` is "str"
  uint64_t number = 0;
};

struct ProcessInput {
  std::string version;
  const v1::Snapshot* snapshot = nullptr;  // for node and description; may be null
  v1::ProcessCounters counters;
  uint64_t listeners = 0;
  int64_t now_unix_ms = 0;
};

// All of HAProxy 2.6's keys, in its order, because programs read them by place and by name. What
// this program does not have or does not count is zero: TLS, pipes, compression, peers, tasks, and
// the rate of bytes. The memory of "pools" is that of the whole process.
std::vector<ProcessItem> BuildProcessItems(const ProcessInput& input);

// "Name: value" lines.
std::string RenderProcessText(const std::vector<ProcessItem>& items);
// As `show info typed` and `show info json`.
std::string RenderProcessTyped(const std::vector<ProcessItem>& items);
std::string RenderProcessJson(const std::vector<ProcessItem>& items);

}  // namespace lb::stats

#endif  // LB_COMMON_STATS_PROCESS_H_
