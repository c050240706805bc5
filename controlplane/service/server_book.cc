#include "controlplane/service/server_book.h"

#include <charconv>

#include "absl/strings/str_cat.h"

#include "common/base/check.h"
#include "common/base/status.h"

namespace lb::service {
namespace {

constexpr uint32_t kMaxWeight = 256;

std::optional<uint32_t> NumberOf(std::string_view text) {
  uint32_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// How a server's health is written in the store. Maintenance is no verdict: a server that leaves it
// starts anew, and so does one whose maintenance ended while no control plane ran.
std::string SavedWord(const checks::ServerState& machine) {
  if (machine.is_pending() || machine.admin() == checks::AdminState::kMaint) return "PENDING";
  return machine.is_up() ? "UP" : "DOWN";
}

v1::ServerState SavedState(const store::ServerRecord& record) {
  v1::ServerState state;
  const bool was_up = record.status == "UP";
  state.set_status(was_up                    ? v1::SERVER_UP
                   : record.status == "DOWN" ? v1::SERVER_DOWN
                                             : v1::SERVER_PENDING);
  state.set_check_health(record.health);
  state.set_check_rise(was_up ? 0 : record.health + 1);  // up is: health >= rise
  state.set_last_change_unix_ms(record.last_change_unix_ms);
  state.set_failed_checks(record.failed_checks);
  state.set_down_transitions(record.down_transitions);
  state.set_downtime_seconds(record.downtime_seconds);
  state.set_check_status(record.check_status);
  state.set_check_code(record.check_code);
  state.set_check_duration_ms(record.check_duration_ms);
  state.set_last_check(record.last_check);
  return state;
}

}  // namespace

const std::string& ServerEntry::address() const {
  auto it = overrides.find(store::OverrideKind::kAddress);
  return it == overrides.end() ? config->address() : it->second.value;
}

absl::StatusOr<uint32_t> WeightOf(std::string_view text, uint32_t configured) {
  const bool is_relative = text.ends_with('%');
  std::optional<uint32_t> number = NumberOf(is_relative ? text.substr(0, text.size() - 1) : text);
  if (!number.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("weight '", std::string(text), "': expected N or N%"));
  }
  uint64_t weight = *number;
  if (is_relative) weight = static_cast<uint64_t>(configured) * weight / 100;
  if (weight > kMaxWeight) {
    return absl::InvalidArgumentError(absl::StrCat("weight ", weight, " exceeds 256"));
  }
  return static_cast<uint32_t>(weight);
}

void ServerBook::Remember(const std::vector<store::Override>& overrides,
                          const std::vector<store::ServerRecord>& servers) {
  LB_CHECK(snapshot_ == nullptr);
  for (const store::Override& o : overrides) overrides_[{o.backend, o.server}][o.kind] = o;
  for (const store::ServerRecord& r : servers) saved_[{r.backend, r.server}] = SavedState(r);
}

checks::StateChange ServerBook::ApplyOverride(ServerEntry* entry, const store::Override& value) {
  switch (value.kind) {
    case store::OverrideKind::kState:
      if (value.value == "maint") return entry->machine.SetAdmin(checks::AdminState::kMaint);
      if (value.value == "drain") return entry->machine.SetAdmin(checks::AdminState::kDrain);
      return entry->machine.SetAdmin(checks::AdminState::kReady);
    case store::OverrideKind::kWeight: {
      absl::StatusOr<uint32_t> weight = WeightOf(value.value, entry->config->weight());
      if (weight.ok()) return entry->machine.SetWeight(*weight);
      return {};
    }
    case store::OverrideKind::kAddress:
    case store::OverrideKind::kMaxconn:
      break;
  }
  checks::StateChange change;
  change.is_status_changed = true;
  return change;
}

// The entry of `server` in the next configuration: what is known of it goes on, the rest is new.
std::pair<ServerEntry, checks::StateChange> ServerBook::MakeEntry(const v1::Backend& backend,
                                                                  const v1::Server& server) const {
  const std::string& backend_name = backend.common().name();
  const ServerId id = ServerIdOf(backend_name, server.name());
  const checks::ServerPolicy policy = checks::ServerPolicy::Of(server);
  const ServerEntry* known = Find(id);
  const bool goes_on = known != nullptr && known->config->address() == server.address();
  ServerEntry entry{.id = id,
                    .backend = backend_name,
                    .server = server.name(),
                    .backend_config = &backend,
                    .config = &server,
                    .machine = goes_on ? known->machine : checks::ServerState(policy, clock_)};
  if (known != nullptr) entry.shutdown_generation = known->shutdown_generation;
  checks::StateChange change;
  if (goes_on) change = entry.machine.Reconfigure(policy);
  if (auto pinned = overrides_.find({entry.backend, entry.server}); pinned != overrides_.end()) {
    entry.overrides = pinned->second;
    for (const auto& [kind, value] : entry.overrides) {
      // A relative weight follows the configured one; the rest of a known server's is in force.
      if (!goes_on || kind == store::OverrideKind::kWeight) ApplyOverride(&entry, value);
    }
  }
  // Behind the operator's orders, which are no change of now.
  if (auto saved = saved_.find({entry.backend, entry.server});
      known == nullptr && saved != saved_.end()) {
    entry.machine.Restore(saved->second);
  }
  return {std::move(entry), change};
}

std::vector<v1::ServerState> ServerBook::StatesFor(const v1::Snapshot& next) const {
  std::vector<v1::ServerState> states;
  for (const v1::Backend& backend : next.backends()) {
    for (const v1::Server& server : backend.servers()) {
      states.push_back(StateOf(MakeEntry(backend, server).first));
    }
  }
  return states;
}

std::vector<std::pair<ServerId, checks::StateChange>> ServerBook::Adopt(SnapshotPtr next) {
  std::vector<std::pair<ServerId, checks::StateChange>> changes;
  std::unordered_map<ServerId, ServerEntry> entries;
  order_.clear();
  for (const v1::Backend& backend : next->backends()) {
    for (const v1::Server& server : backend.servers()) {
      auto [entry, change] = MakeEntry(backend, server);
      const ServerId id = entry.id;
      order_.push_back(id);
      if (entries_.contains(id)) changes.emplace_back(id, change);
      entries.emplace(id, std::move(entry));
    }
  }
  entries_.swap(entries);
  snapshot_ = std::move(next);
  saved_.clear();
  std::unordered_map<BackendId, Availability> availability;
  for (const v1::Backend& backend : snapshot_->backends()) {
    const BackendId id = BackendIdOf(backend.common().name());
    auto known = availability_.find(id);
    availability.emplace(id, known != availability_.end()
                                 ? known->second
                                 : Availability(clock_, IsAvailable(backend)));
  }
  availability_.swap(availability);
  return changes;
}

ServerEntry* ServerBook::Find(ServerId id) {
  auto it = entries_.find(id);
  return it == entries_.end() ? nullptr : &it->second;
}

const ServerEntry* ServerBook::Find(ServerId id) const {
  auto it = entries_.find(id);
  return it == entries_.end() ? nullptr : &it->second;
}

const v1::Backend* ServerBook::FindBackend(std::string_view backend) const {
  for (const v1::Backend& candidate : snapshot_->backends()) {
    if (candidate.common().name() == backend) return &candidate;
  }
  return nullptr;
}

checks::StateChange ServerBook::SetOverride(ServerEntry* entry, const store::Override& value) {
  entry->overrides[value.kind] = value;
  overrides_[{entry->backend, entry->server}][value.kind] = value;
  return ApplyOverride(entry, value);
}

checks::StateChange ServerBook::LiftOverride(ServerEntry* entry, store::OverrideKind kind) {
  entry->overrides.erase(kind);
  if (auto it = overrides_.find({entry->backend, entry->server}); it != overrides_.end()) {
    it->second.erase(kind);
    if (it->second.empty()) overrides_.erase(it);
  }
  if (kind == store::OverrideKind::kState) return entry->machine.LiftAdmin();
  if (kind == store::OverrideKind::kWeight) return entry->machine.LiftWeight();
  checks::StateChange change;
  change.is_status_changed = true;
  return change;
}

v1::ServerState ServerBook::StateOf(const ServerEntry& entry) {
  v1::ServerState state = entry.machine.ToProto();
  state.set_id(entry.id);
  state.set_set_by_operator(!entry.overrides.empty());
  state.set_shutdown_generation(entry.shutdown_generation);
  if (auto it = entry.overrides.find(store::OverrideKind::kAddress); it != entry.overrides.end()) {
    state.set_address(it->second.value);
  }
  if (auto it = entry.overrides.find(store::OverrideKind::kMaxconn); it != entry.overrides.end()) {
    state.set_has_maxconn(true);
    state.set_maxconn(NumberOf(it->second.value).value_or(0));
  }
  return state;
}

std::vector<v1::ServerState> ServerBook::AllStates() const {
  std::vector<v1::ServerState> states;
  states.reserve(order_.size());
  for (ServerId id : order_) states.push_back(StateOf(*Find(id)));
  return states;
}

store::ServerRecord ServerBook::RecordOf(const ServerEntry& entry) {
  const v1::ServerState state = entry.machine.ToProto();
  store::ServerRecord record;
  record.backend = entry.backend;
  record.server = entry.server;
  record.status = SavedWord(entry.machine);
  record.health = state.check_health();
  record.last_change_unix_ms = state.last_change_unix_ms();
  record.failed_checks = state.failed_checks();
  record.down_transitions = state.down_transitions();
  record.downtime_seconds = state.downtime_seconds();
  record.check_status = state.check_status();
  record.check_code = state.check_code();
  record.check_duration_ms = state.check_duration_ms();
  record.last_check = state.last_check();
  return record;
}

UsableServers ServerBook::Usable(const v1::Backend& backend) const {
  UsableServers usable;
  for (const v1::Server& server : backend.servers()) {
    const ServerEntry* entry = Find(ServerIdOf(backend.common().name(), server.name()));
    if (entry == nullptr || !entry->machine.is_usable()) continue;
    ++(server.backup() ? usable.backup : usable.active);
  }
  return usable;
}

// A backend without servers is not down, as in HAProxy.
bool ServerBook::IsAvailable(const v1::Backend& backend) const {
  return backend.servers().empty() || Usable(backend).total() > 0;
}

bool ServerBook::Recount(const v1::Backend& backend) {
  auto it = availability_.find(BackendIdOf(backend.common().name()));
  return it != availability_.end() && it->second.Update(IsAvailable(backend));
}

stats::BackendHealthMap ServerBook::BackendHealths() const {
  stats::BackendHealthMap healths;
  for (const auto& [id, availability] : availability_) healths[id] = availability.ToStats();
  return healths;
}

}  // namespace lb::service
