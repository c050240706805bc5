#include "controlplane/service/ticket_ring.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "common/base/logger.h"
#include "common/base/unique_fd.h"
#include "common/tls/ticket_keys.h"

namespace lb::service {
namespace {

constexpr size_t kKeys = 3;
constexpr uint32_t kSealsWith = 1;

}  // namespace

TicketRing::TicketRing(event::EventLoop* loop, std::string path, Publish publish)
    : loop_(loop), path_(std::move(path)), publish_(std::move(publish)) {}

void TicketRing::Begin() {
  if (!Load()) {
    keys_.clear();
    while (keys_.size() < kKeys) keys_.push_back(tls::TicketKey::Random());
    Save();
  }
  PublishKeys();
  loop_->SetTimer(&timer_, loop_->now() + kPeriod);
}

void TicketRing::Rotate() {
  keys_.erase(keys_.begin());
  keys_.push_back(tls::TicketKey::Random());
  Save();
  PublishKeys();
  loop_->SetTimer(&timer_, loop_->now() + kPeriod);
}

// The form of a "tls-ticket-keys" file: a key in base64 a line.
bool TicketRing::Load() {
  std::ifstream in(path_);
  std::vector<std::string> keys;
  for (std::string line; std::getline(in, line);) {
    std::string bytes;
    if (!absl::Base64Unescape(line, &bytes) || bytes.size() != tls::TicketKey::kBytes) return false;
    keys.push_back(std::move(bytes));
  }
  if (keys.size() != kKeys) return false;
  keys_ = std::move(keys);
  return true;
}

void TicketRing::Save() const {
  if (path_.empty()) return;
  std::string text;
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
