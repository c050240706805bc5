#include "controlplane/service/ticket_ring.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "common/base/logger.h"
#include "common/base/unique_fd.h"
#include "common/tls/ticket_keys.h"

namespace lb::service {
namespace {

constexpr size_t kKeys = 3;
constexpr uint32_t kSealsWith = 1;
constexpr std::string_view kRotated = "# rotated at ";

}  // namespace

TicketRing::TicketRing(event::EventLoop* loop, std::string path, Publish publish)
    : loop_(loop), path_(std::move(path)), publish_(std::move(publish)) {}

int64_t TicketRing::NowSeconds() const {
  return std::chrono::duration_cast<std::chrono::seconds>(
             loop_->clock().WallNow().time_since_epoch())
      .count();
}

void TicketRing::MakeAll() {
  keys_.clear();
  while (keys_.size() < kKeys) keys_.push_back(tls::TicketKey::Random());
  rotated_at_ = NowSeconds();
  Save();
}

void TicketRing::Begin() {
  constexpr int64_t kPeriodSeconds = kPeriod.count() / 1000;
  if (!Load()) MakeAll();
  const int64_t age = NowSeconds() - rotated_at_;
  // Nobody was there to rotate them; or the clock was set back, and they would live too long.
  if (age >= static_cast<int64_t>(kKeys) * kPeriodSeconds || age < 0) {
    MakeAll();
  } else if (age >= kPeriodSeconds) {
    return Rotate();
  }
  PublishKeys();
  const int64_t left = kPeriodSeconds - (NowSeconds() - rotated_at_);
  loop_->SetTimer(&timer_, loop_->now() + Millis(left * 1000));
}

void TicketRing::Rotate() {
  keys_.erase(keys_.begin());
  keys_.push_back(tls::TicketKey::Random());
  rotated_at_ = NowSeconds();
  Save();
  PublishKeys();
  loop_->SetTimer(&timer_, loop_->now() + kPeriod);
}

// When they were rotated last, then a key in base64 a line, as in a "tls-ticket-keys" file.
bool TicketRing::Load() {
  std::ifstream in(path_);
  std::vector<std::string> keys;
  int64_t rotated_at = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(kRotated)) {
      if (!absl::SimpleAtoi(line.substr(kRotated.size()), &rotated_at)) return false;
      continue;
    }
    std::string bytes;
    if (!absl::Base64Unescape(line, &bytes) || bytes.size() != tls::TicketKey::kBytes) return false;
    keys.push_back(std::move(bytes));
  }
  if (keys.size() != kKeys) return false;
  keys_ = std::move(keys);
  rotated_at_ = rotated_at;
  return true;
}

void TicketRing::Save() const {
  if (path_.empty()) return;
  std::string text = absl::StrCat(std::string(kRotated), rotated_at_, "\n");
  for (const std::string& key : keys_) absl::StrAppend(&text, absl::Base64Escape(key), "\n");
  const std::string temporary = path_ + ".new";
  UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const bool is_written = fd.valid() && ::write(fd.get(), text.data(), text.size()) ==
                                            static_cast<ssize_t>(text.size());
  if (!is_written || ::rename(temporary.c_str(), path_.c_str()) != 0) {
    LB_LOG(kWarning) << "cannot keep the keys of TLS tickets in " << path_ << ": "
                     << std::strerror(errno) << "; after a restart clients will not resume";
  }
}

void TicketRing::PublishKeys() const {
  v1::TicketKeys message;
  for (const std::string& key : keys_) message.add_keys(key);
  message.set_seals_with(kSealsWith);
  publish_(message);
}

}  // namespace lb::service
