#include "dataplane/upstream/view.h"

#include <algorithm>
#include <numeric>

namespace lb::upstream {
namespace {

bool IsUsable(const ServerEntry& server) {
  return server.status == ServerStatus::kUp && server.weight > 0;
}

Candidate ToCandidate(const ServerEntry& server) {
  return {server.config, server.runtime, server.address,
          server.weight, server.maxconn, server.config->minconn};
}

}  // namespace

std::shared_ptr<const BackendView> BuildView(const std::vector<ServerEntry>& servers,
                                             bool all_backups, uint64_t fullconn) {
  auto view = std::make_shared<BackendView>();
  view->fullconn = fullconn;
  for (const ServerEntry& server : servers) {
    if (server.status == ServerStatus::kPending) view->has_pending = true;
    if (!server.config->is_backup && IsUsable(server)) {
      view->candidates.push_back(ToCandidate(server));
    }
  }
  if (view->candidates.empty()) {
    for (const ServerEntry& server : servers) {
      if (!server.config->is_backup || !IsUsable(server)) continue;
      view->candidates.push_back(ToCandidate(server));
      if (!all_backups) break;
    }
  }
  view->usable_servers = static_cast<uint32_t>(view->candidates.size());

  std::vector<uint32_t> weights;
  uint32_t sum = 0;
  for (const Candidate& candidate : view->candidates) {
    weights.push_back(candidate.weight);
    view->cumulative.push_back(sum += candidate.weight);
  }
  view->schedule = BuildSchedule(weights);
  return view;
}

std::vector<uint32_t> BuildSchedule(const std::vector<uint32_t>& weights) {
  uint32_t divisor = 0;
  for (uint32_t weight : weights) divisor = std::gcd(divisor, weight);
  if (divisor == 0) return {};
  // Equal weights: the order of the file, without the quadratic walk.
  if (std::all_of(weights.begin(), weights.end(), [&](uint32_t w) { return w == divisor; })) {
    std::vector<uint32_t> schedule(weights.size());
    std::iota(schedule.begin(), schedule.end(), 0u);
    return schedule;
  }
  // Each turn every candidate gains its weight; the richest is chosen and pays for all. Weights are
  // scaled down where the schedule would grow past what the cache likes.
  constexpr int64_t kMaxLength = 65536;
  int64_t total = 0;
  for (uint32_t weight : weights) total += weight / divisor;
  const int64_t scale = std::max<int64_t>(1, (total + kMaxLength - 1) / kMaxLength);
  std::vector<int64_t> share;
  for (uint32_t weight : weights) {
    share.push_back(std::max<int64_t>(1, weight / divisor / scale));
  }
  total = std::accumulate(share.begin(), share.end(), int64_t{0});
  std::vector<int64_t> credit(weights.size(), 0);
  std::vector<uint32_t> schedule;
  schedule.reserve(static_cast<size_t>(total));
  for (int64_t turn = 0; turn < total; ++turn) {
    for (size_t i = 0; i < credit.size(); ++i) credit[i] += share[i];
    size_t richest =
        static_cast<size_t>(std::max_element(credit.begin(), credit.end()) - credit.begin());
    credit[richest] -= total;
    schedule.push_back(static_cast<uint32_t>(richest));
  }
  return schedule;
}

uint32_t DynamicLimit(const Candidate& candidate, const BackendView& view,
                      uint32_t backend_sessions) {
  if (candidate.maxconn == 0 || candidate.minconn == 0 || view.fullconn == 0 ||
      backend_sessions >= view.fullconn) {
    return candidate.maxconn;
  }
  uint64_t scaled = uint64_t{candidate.maxconn} * backend_sessions / view.fullconn;
  // A server that warms up may have less than its minconn.
  const uint32_t least = std::min(candidate.minconn, candidate.maxconn);
  return static_cast<uint32_t>(std::clamp<uint64_t>(scaled, least, candidate.maxconn));
}

const Candidate* Pick(const BackendView& view, Algorithm algorithm, const PickInput& input) {
  if (view.candidates.empty()) return nullptr;
  switch (algorithm) {
    case Algorithm::kRoundRobin:
    case Algorithm::kStaticRoundRobin:
      return PickRoundRobin(view, input);
    case Algorithm::kLeastConn:
      return PickLeastConn(view, input);
    case Algorithm::kFirst:
      return PickFirst(view, input);
    case Algorithm::kRandom:
      return PickRandom(view, input);
  }
  return nullptr;
}

}  // namespace lb::upstream
