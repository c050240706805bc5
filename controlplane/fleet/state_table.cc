#include "controlplane/fleet/state_table.h"

#include <algorithm>

namespace lb::fleet {
namespace {

// ServerState has scalars and strings only, so equal messages serialize equally.
bool IsEqual(const v1::ServerState& a, const v1::ServerState& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

void SortById(std::vector<v1::ServerState>* states) {
  std::sort(states->begin(), states->end(),
            [](const auto& a, const auto& b) { return a.id() < b.id(); });
}

}  // namespace

bool StateTable::Set(const v1::ServerState& state) {
  auto [it, is_new] = entries_.try_emplace(state.id());
  if (!is_new && IsEqual(it->second.state, state)) return false;
  it->second.state = state;
  changed_.insert(state.id());
  return true;
}

void StateTable::Replace(const std::vector<v1::ServerState>& states) {
  std::unordered_set<ServerId> kept;
  for (const v1::ServerState& state : states) {
    Set(state);
    kept.insert(state.id());
  }
  std::erase_if(entries_, [&](const auto& entry) { return !kept.contains(entry.first); });
  std::erase_if(changed_, [&](ServerId id) { return !kept.contains(id); });
}

std::vector<v1::ServerState> StateTable::TakeChanges() {
  ++version_;
  std::vector<v1::ServerState> changes;
  changes.reserve(changed_.size());
  for (ServerId id : changed_) {
    Entry& entry = entries_.at(id);
    entry.version = version_;
    changes.push_back(entry.state);
  }
  changed_.clear();
  return changes;
}

std::vector<v1::ServerState> StateTable::All() const {
  std::vector<v1::ServerState> states;
  states.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) states.push_back(entry.state);
  SortById(&states);
  return states;
}

std::vector<v1::ServerState> StateTable::Since(uint64_t version) const {
  std::vector<v1::ServerState> states;
  for (const auto& [id, entry] : entries_) {
    if (entry.version > version) states.push_back(entry.state);
  }
  SortById(&states);
  return states;
}

std::vector<v1::ServerState> StateTable::DifferentFrom(
    const std::vector<v1::ServerState>& known) const {
  std::unordered_map<ServerId, const v1::ServerState*> by_id;
  for (const v1::ServerState& state : known) by_id[state.id()] = &state;
  std::vector<v1::ServerState> states;
  for (const auto& [id, entry] : entries_) {
    auto it = by_id.find(id);
    if (it == by_id.end() || !IsEqual(*it->second, entry.state)) states.push_back(entry.state);
  }
  SortById(&states);
  return states;
}

const v1::ServerState* StateTable::Find(ServerId id) const {
  auto it = entries_.find(id);
  return it == entries_.end() ? nullptr : &it->second.state;
}

}  // namespace lb::fleet
