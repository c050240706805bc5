#include "dataplane/server/lookup.h"

#include <algorithm>

namespace lb::server {

std::optional<rules::ProxyLookup::FrontendFacts> Lookup::FindFrontend(FrontendId id) const {
  if (serving_ == nullptr) return std::nullopt;
  auto found = serving_->frontends.find(id);
  if (found == serving_->frontends.end()) return std::nullopt;
  return FrontendFacts{found->second->sessions.load(std::memory_order_relaxed)};
}

std::optional<rules::ProxyLookup::BackendFacts> Lookup::FindBackend(BackendId id) const {
  if (serving_ == nullptr) return std::nullopt;
  auto found = serving_->backends.find(id);
  if (found == serving_->backends.end()) return std::nullopt;
  const upstream::BackendRuntime& runtime = *found->second;
  const auto& view = runtime.view(worker_);
  return BackendFacts{view == nullptr ? 0 : view->usable_servers,
                      runtime.sessions.load(std::memory_order_relaxed), runtime.queue.size()};
}

std::optional<rules::ProxyLookup::ServerFacts> Lookup::FindServer(ServerId id) const {
  if (serving_ == nullptr) return std::nullopt;
  auto found = serving_->server_index.find(id);
  if (found == serving_->server_index.end()) return std::nullopt;
  const ServingSet::Server& server = serving_->servers[found->second];
  ServerFacts facts;
  const upstream::ServerStatus status = server.runtime->status.load(std::memory_order_relaxed);
  facts.is_up = status == upstream::ServerStatus::kUp || status == upstream::ServerStatus::kDrain;
  facts.current_sessions = server.runtime->sessions.load(std::memory_order_relaxed);
  // A server out of the balance has weight 0, and is no candidate.
  if (const auto& view = server.backend->view(worker_); view != nullptr) {
    auto candidate =
        std::find_if(view->candidates.begin(), view->candidates.end(),
                     [&](const upstream::Candidate& c) { return c.runtime == server.runtime; });
    if (candidate != view->candidates.end()) facts.weight = candidate->weight;
  }
  return facts;
}

}  // namespace lb::server
