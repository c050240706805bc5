#include "dataplane/rules/variables.h"

namespace lb::rules {
namespace {

uint64_t Fnv1a(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

VariableKey::VariableKey(std::string_view text) : name(text), hash(Fnv1a(text)) {}

VariableSet::Slot* VariableSet::Find(const VariableKey& key) const {
  for (size_t i = 0; i < used_; ++i) {
    if (slots_[i]->hash == key.hash && slots_[i]->name == key.name) return slots_[i].get();
  }
  return nullptr;
}

Sample VariableSet::Get(const VariableKey& key) const {
  const Slot* slot = Find(key);
  return slot != nullptr ? slot->value : Sample();
}

void VariableSet::Set(const VariableKey& key, const Sample& value) {
  if (!value.has_value()) return Unset(key);
  Slot* slot = Find(key);
  if (slot == nullptr) {
    if (used_ == slots_.size()) slots_.push_back(std::make_unique<Slot>());
    slot = slots_[used_++].get();
    slot->hash = key.hash;
    slot->name = key.name;
  }
  slot->value = value;
  if (!value.is_text()) return;
  slot->text.assign(value.text());
  slot->value =
      value.type() == Sample::Type::kString ? Sample::Text(slot->text) : Sample::Bytes(slot->text);
}

void VariableSet::Unset(const VariableKey& key) {
  for (size_t i = 0; i < used_; ++i) {
    if (slots_[i]->hash != key.hash || slots_[i]->name != key.name) continue;
    std::swap(slots_[i], slots_[--used_]);
    return;
  }
}

}  // namespace lb::rules
