#include "controlplane/service/health.h"

#include <algorithm>

namespace lb::service {
namespace {

constexpr Millis kRefresh(1000);

}  // namespace

Health::Health(const Parts& parts) : parts_(parts) {
  parts_.checker->SetObserver(
      [this](ServerId id, const checks::CheckResult& result) { OnCheckResult(id, result); });
}

void Health::OnAdopted(const std::vector<std::pair<ServerId, checks::StateChange>>& changes) {
  parts_.log->Configure(*parts_.book->snapshot());
  ticks_.clear();
  tick_of_.clear();
  Retarget();
  for (ServerId id : parts_.book->order()) Follow(*parts_.book->Find(id));
  for (const auto& [id, change] : changes) {
    Publish(*parts_.book->Find(id), change, "configuration");
  }
  // Servers that came and went, too.
  for (const v1::Backend& backend : parts_.book->snapshot()->backends()) {
    parts_.book->Recount(backend);
  }
  Rearm();
}

void Health::Retarget() {
  std::vector<checks::Target> targets;
  const TlsFiles files(*parts_.book->snapshot());
  for (ServerId id : parts_.book->order()) {
    const ServerEntry& entry = *parts_.book->Find(id);
    if (!entry.config->is_checked()) continue;
    checks::Target target = checks::Target::Of(*entry.backend_config, *entry.config, files);
    if (entry.address() != entry.config->address()) target.SetAddress(entry.address());
    targets.push_back(std::move(target));
  }
  parts_.checker->SetTargets(std::move(targets), parts_.book->snapshot()->global().spread_checks());
}

void Health::OnAddressChanged() { Retarget(); }

void Health::OnCheckResult(ServerId id, const checks::CheckResult& result) {
  ServerEntry* entry = parts_.book->Find(id);
  if (entry == nullptr) return;
  const checks::StateChange change = entry->machine.OnCheckResult(result);
  const bool is_told = change.is_check_notable && entry->config->health_check().log_health_checks();
  if (is_told) {
    parts_.log->Send(entry->backend, checks::CheckLine(result, entry->machine, FactsOf(*entry)));
  }
  Publish(*entry, change, "");
}

void Health::Publish(const ServerEntry& entry, const checks::StateChange& change,
                     const std::string& cause) {
  if (change.is_status_changed || change.transition.has_value()) {
    shown_.erase(entry.id);
    unsaved_.insert(entry.id);
    parts_.fleet->SetState(ServerBook::StateOf(entry));
  } else if (change.is_shown_changed) {
    shown_.insert(entry.id);
    unsaved_.insert(entry.id);
    if (refresh_at_ == SteadyTime::max()) refresh_at_ = parts_.loop->now() + kRefresh;
  }
  Log(entry, change, cause);
  Follow(entry);
  Rearm();
  if (change.transition.has_value()) Save(nullptr);
}

void Health::Log(const ServerEntry& entry, const checks::StateChange& change,
                 const std::string& cause) {
  if (!change.is_status_changed && !change.transition.has_value()) return;
  const checks::CheckResult& result = entry.machine.last_result();
  for (const checks::StateLine& line : checks::StateLines(change, result, FactsOf(entry))) {
    parts_.log->Send(entry.backend, line);
    parts_.history->Record(store::EventKind::kServer, entry.name(), line.text, cause);
  }
  if (!parts_.book->Recount(*entry.backend_config)) return;
  const checks::StateLine line =
      checks::NoServerLine(entry.backend, entry.backend_config->common().is_listen());
  parts_.log->Send(entry.backend, line);
  parts_.history->Record(store::EventKind::kServer, entry.backend, line.text, cause);
}

checks::LineFacts Health::FactsOf(const ServerEntry& entry) const {
  checks::LineFacts facts;
  facts.backend = entry.backend;
  facts.server = entry.server;
  facts.is_backup = entry.config->backup();
  facts.logs_health_checks = entry.config->health_check().log_health_checks();
  const UsableServers usable = parts_.book->Usable(*entry.backend_config);
  facts.active_servers = usable.active;
  facts.backup_servers = usable.backup;
  // As the data planes last reported: at most a second old.
  const BackendId backend_id = BackendIdOf(entry.backend);
  for (const auto& [name, node] : parts_.fleet->nodes()) {
    for (const v1::BackendCounters& server : node.counters.servers()) {
      if (server.id() != entry.id) continue;
      facts.sessions += server.current_sessions();
      facts.requeued += server.current_queue();
    }
    for (const v1::BackendCounters& backend : node.counters.backends()) {
      if (backend.id() == backend_id) facts.in_queue += backend.current_queue();
    }
  }
  return facts;
}

// The engine and the timer do what the machine asks for.
void Health::Follow(const ServerEntry& entry) {
  if (entry.config->is_checked()) parts_.checker->SetPace(entry.id, entry.machine.pace());
  if (auto it = tick_of_.find(entry.id); it != tick_of_.end()) {
    ticks_.erase({it->second, entry.id});
    tick_of_.erase(it);
  }
  if (std::optional<SteadyTime> tick = entry.machine.next_tick(); tick.has_value()) {
    ticks_.insert({*tick, entry.id});
    tick_of_[entry.id] = *tick;
  }
}

void Health::Rearm() {
  SteadyTime next = refresh_at_;
  if (!ticks_.empty()) next = std::min(next, ticks_.begin()->first);
  if (next == SteadyTime::max()) {
    Cancel();
  } else {
    parts_.loop->SetTimer(this, next);
  }
}

void Health::OnExpired() {
  const SteadyTime now = parts_.loop->now();
  while (!ticks_.empty() && ticks_.begin()->first <= now) {
    const ServerId id = ticks_.begin()->second;
    ticks_.erase(ticks_.begin());
    tick_of_.erase(id);
    ServerEntry* entry = parts_.book->Find(id);
    const checks::StateChange change = entry->machine.OnTick();
    Publish(*entry, change, "no verdict in time");
  }
  if (refresh_at_ <= now) {
    refresh_at_ = SteadyTime::max();
    for (ServerId id : std::exchange(shown_, {})) {
      if (const ServerEntry* entry = parts_.book->Find(id)) {
        parts_.fleet->SetState(ServerBook::StateOf(*entry));
      }
    }
    Save(nullptr);
  }
  Rearm();
}

void Health::Save(StoreThread::Done done) {
  std::vector<store::ServerRecord> records;
  for (ServerId id : std::exchange(unsaved_, {})) {
    if (const ServerEntry* entry = parts_.book->Find(id)) {
      records.push_back(ServerBook::RecordOf(*entry));
    }
  }
  if (records.empty() && done == nullptr) return;
  parts_.store->Write([records = std::move(records)](
                          store::StateStore* store) { return store->SaveServers(records); },
                      std::move(done));
}

}  // namespace lb::service
