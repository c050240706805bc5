#include "common/stats/process.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "common/stats/json.h"

namespace lb::stats {
namespace {

constexpr uint64_t kMebibyte = 1024 * 1024;

std::string FormatUptime(uint64_t seconds) {
  return absl::StrFormat("%ud %uh%02um%02us", seconds / 86400, seconds / 3600 % 24,
                         seconds / 60 % 60, seconds % 60);
}

class Items {
 public:
  void Text(int position, std::string_view name, std::string_view tags, std::string text) {
    items_.push_back({position, name, tags, "str", std::move(text), 0});
  }
  void Number(int position, std::string_view name, std::string_view tags, uint64_t number,
              std::string_view type = "u32") {
    items_.push_back({position, name, tags, type, "", number});
  }
  std::vector<ProcessItem> Take() { return std::move(items_); }

 private:
  std::vector<ProcessItem> items_;
};

const v1::Global& GlobalOf(const ProcessInput& input) {
  return input.snapshot != nullptr ? input.snapshot->global() : v1::Global::default_instance();
}

void AddIdentity(const ProcessInput& input, Items* items) {
  const v1::ProcessCounters& c = input.counters;
  const int64_t up_ms =
      c.started_unix_ms() == 0 ? 0 : std::max<int64_t>(0, input.now_unix_ms - c.started_unix_ms());
  const uint64_t up = static_cast<uint64_t>(up_ms) / 1000;
  items->Text(0, "Name", "POS", "lb");
  items->Text(1, "Version", "POS", input.version);
  items->Text(2, "Release_date", "POS", "-");
  items->Number(3, "Nbthread", "CGS", c.workers());
  items->Number(4, "Nbproc", "CGS", 1);
  items->Number(5, "Process_num", "KGP", 1);
  items->Number(6, "Pid", "SGP", c.pid());
  items->Text(7, "Uptime", "MDP", FormatUptime(up));
  items->Number(8, "Uptime_sec", "MDP", up);
  items->Number(9, "Memmax_MB", "CLP", 0);
  items->Number(10, "PoolAlloc_MB", "MGP", c.memory_bytes() / kMebibyte);
  items->Number(11, "PoolUsed_MB", "MGP", c.memory_bytes() / kMebibyte);
  items->Number(12, "PoolFailed", "MCP", 0);
}

void AddConnections(const ProcessInput& input, Items* items) {
  const v1::ProcessCounters& c = input.counters;
  items->Number(13, "Ulimit-n", "CLP", c.max_descriptors());
  items->Number(14, "Maxsock", "CLP", c.max_descriptors());
  items->Number(15, "Maxconn", "CLP", c.max_connections());
  items->Number(16, "Hard_maxconn", "CLP", c.hard_max_connections());
  items->Number(17, "CurrConns", "MGP", c.current_connections());
  items->Number(18, "CumConns", "MCP", c.total_connections());
  items->Number(19, "CumReq", "MCP", c.total_requests());
  items->Number(20, "MaxSslConns", "MMP", GlobalOf(input).max_tls_connections());
  items->Number(21, "CurrSslConns", "MGP", c.tls_connections());
  items->Number(22, "CumSslConns", "MCP", c.total_tls_connections());
  items->Number(23, "Maxpipes", "CLP", 0);
  items->Number(24, "PipesUsed", "MGP", 0);
  items->Number(25, "PipesFree", "MGP", 0);
}

// Of the sessions of the last second, in percent: those that were resumed.
uint64_t ReusePercent(const v1::ProcessCounters& c) {
  if (c.tls_rate() == 0 || c.tls_key_rate() >= c.tls_rate()) return 0;
  return 100ULL * (c.tls_rate() - c.tls_key_rate()) / c.tls_rate();
}

void AddRates(const ProcessInput& input, Items* items) {
  const v1::ProcessCounters& c = input.counters;
  items->Number(26, "ConnRate", "MRP", c.connection_rate());
  items->Number(27, "ConnRateLimit", "CLP", 0);
  items->Number(28, "MaxConnRate", "MMP", c.connection_rate_max());
  items->Number(29, "SessRate", "MRP", c.session_rate());
  items->Number(30, "SessRateLimit", "CLP", 0);
  items->Number(31, "MaxSessRate", "MRP", c.session_rate_max());
  items->Number(32, "SslRate", "MRP", c.tls_rate());
  items->Number(33, "SslRateLimit", "CLP", GlobalOf(input).max_tls_rate());
  items->Number(34, "MaxSslRate", "MMP", c.tls_rate_max());
  items->Number(35, "SslFrontendKeyRate", "MGP", c.tls_key_rate());
  items->Number(36, "SslFrontendMaxKeyRate", "MMP", c.tls_key_rate_max());
  items->Number(37, "SslFrontendSessionReuse_pct", "MGP", ReusePercent(c));
  items->Number(38, "SslBackendKeyRate", "MRP", c.server_tls_key_rate());
  items->Number(39, "SslBackendMaxKeyRate", "MMP", c.server_tls_key_rate_max());
  items->Number(40, "SslCacheLookups", "MCP", 0);
  items->Number(41, "SslCacheMisses", "MCP", 0);
  items->Number(42, "CompressBpsIn", "MRP", 0);
  items->Number(43, "CompressBpsOut", "MRP", 0);
  items->Number(44, "CompressBpsRateLim", "CLP", 0);
  items->Number(47, "Tasks", "MGP", 0);
  items->Number(48, "Run_queue", "MGP", 0);
  items->Number(49, "Idle_pct", "MaP", c.idle_percent());
}

void AddState(const ProcessInput& input, Items* items) {
  const v1::ProcessCounters& c = input.counters;
  const bool has_global = input.snapshot != nullptr;
  items->Text(50, "node", "COS", has_global ? input.snapshot->global().node() : "");
  // HAProxy leaves it out unless the configuration has one.
  if (has_global && !input.snapshot->global().description().empty()) {
    items->Text(51, "description", "COS", input.snapshot->global().description());
  }
  items->Number(52, "Stopping", "MGP", c.is_stopping() ? 1 : 0);
  items->Number(53, "Jobs", "MGP", c.current_connections() + input.listeners);
  items->Number(54, "Unstoppable Jobs", "MGP", 0);
  items->Number(55, "Listeners", "MGP", input.listeners);
  items->Number(56, "ActivePeers", "MGP", 0);
  items->Number(57, "ConnectedPeers", "MGP", 0);
  items->Number(58, "DroppedLogs", "MGP", c.dropped_logs());
  items->Number(59, "BusyPolling", "MGP", 0);
  items->Number(60, "FailedResolutions", "MGP", 0);
  items->Number(61, "TotalBytesOut", "MGP", c.bytes_out(), "u64");
  items->Number(62, "TotalSplicdedBytesOut", "MGP", 0, "u64");
  items->Number(63, "BytesOutRate", "MRP", 0, "u64");
  items->Number(64, "DebugCommandsIssued", "MGP", 0);
  items->Number(65, "CumRecvLogs", "MCP", 0);
  items->Text(66, "Build info", "POS", input.version);
  items->Number(67, "Memmax_bytes", "CLP", 0);
  items->Number(68, "PoolAlloc_bytes", "MGP", c.memory_bytes(), "u64");
  items->Number(69, "PoolUsed_bytes", "MGP", c.memory_bytes(), "u64");
  items->Number(70, "Start_time_sec", "MDP", static_cast<uint64_t>(c.started_unix_ms() / 1000));
  items->Text(71, "Tainted", "SGP", "0");
}

}  // namespace

std::vector<ProcessItem> BuildProcessItems(const ProcessInput& input) {
  Items items;
  AddIdentity(input, &items);
  AddConnections(input, &items);
  AddRates(input, &items);
  AddState(input, &items);
  return items.Take();
}

std::string RenderProcessText(const std::vector<ProcessItem>& items) {
  std::string text;
  for (const ProcessItem& item : items) {
    if (item.type == "str") {
      absl::StrAppend(&text, std::string(item.name), ": ", item.text, "\n");
    } else {
      absl::StrAppend(&text, std::string(item.name), ": ", item.number, "\n");
    }
  }
  return text;
}

std::string RenderProcessTyped(const std::vector<ProcessItem>& items) {
  std::string text;
  for (const ProcessItem& item : items) {
    absl::StrAppend(&text, item.position, ".", std::string(item.name),
                    ".1:", std::string(item.tags), ":", std::string(item.type), ":");
    absl::StrAppend(&text, item.type == "str" ? item.text : absl::StrCat(item.number), "\n");
  }
  return text;
}

std::string RenderProcessJson(const std::vector<ProcessItem>& items) {
  std::string text = "[";
  for (const ProcessItem& item : items) {
    if (text.size() > 1) text += ",";
    text += "{";
    AppendJsonField({item.position, item.name, item.tags, item.type}, &text);
    if (item.type == "str") {
      AppendJsonString(item.text, &text);
    } else {
      absl::StrAppend(&text, item.number);
    }
    text += "}}";
  }
  text += "]\n";
  return text;
}

}  // namespace lb::stats
