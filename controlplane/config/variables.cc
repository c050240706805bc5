#include "controlplane/config/variables.h"

namespace lb::config {

std::optional<std::string> Variables::Get(std::string_view name) const {
  if (auto it = overlay_.find(name); it != overlay_.end()) return it->second;
  if (kept_ && !kept_->contains(std::string(name))) return std::nullopt;
  return env_.getenv(name);
}

void Variables::Set(std::string_view name, std::string value) {
  overlay_.insert_or_assign(std::string(name), std::move(value));
}

void Variables::Unset(std::string_view name) {
  overlay_.insert_or_assign(std::string(name), std::nullopt);
}

void Variables::Reset(std::set<std::string> kept) {
  std::erase_if(overlay_, [&](const auto& entry) { return !kept.contains(entry.first); });
  kept_ = std::move(kept);
}

}  // namespace lb::config
