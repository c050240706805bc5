#include "controlplane/service/state_log.h"

#include <utility>
#include <vector>

#include "common/base/logger.h"
#include "common/base/status.h"

namespace lb::service {
namespace {

void Print(const checks::StateLine& line) {
  if (line.level <= net::SyslogLevel::kEmerg) {
    LB_LOG(kError) << line.text;
  } else if (line.level <= net::SyslogLevel::kWarning) {
    LB_LOG(kWarning) << line.text;
  } else {
    LB_LOG(kNotice) << line.text;
  }
}

}  // namespace

absl::StatusOr<net::SyslogTarget> SyslogTargetOf(const v1::LogTarget& target) {
  net::SyslogTarget out;
  out.address = target.address();
  if (!target.facility().empty()) {
    LB_ASSIGN_OR_RETURN(out.facility, net::ParseSyslogFacility(target.facility()));
  }
  if (!target.max_level().empty()) {
    LB_ASSIGN_OR_RETURN(out.max_level, net::ParseSyslogLevel(target.max_level()));
  }
  if (!target.min_level().empty()) {
    LB_ASSIGN_OR_RETURN(out.min_level, net::ParseSyslogLevel(target.min_level()));
  }
  if (!target.format().empty()) {
    LB_ASSIGN_OR_RETURN(out.format, net::ParseSyslogFormat(target.format()));
  }
  if (target.max_length() != 0) out.max_length = target.max_length();
  return out;
}

void StateLog::Configure(const v1::Snapshot& snapshot) {
  by_backend_.clear();
  std::map<std::string, Sender> by_targets;  // backends with the same targets share a sender
  for (const v1::Backend& backend : snapshot.backends()) {
    const v1::ProxyCommon& common = backend.common();
    const std::string& tag =
        common.log_tag().empty() ? snapshot.global().log_tag() : common.log_tag();
    std::string key = tag + '\0';
    for (const v1::LogTarget& target : common.log_targets()) {
      key += target.SerializeAsString() + '\0';
    }
    auto [it, is_new] = by_targets.try_emplace(key);
    if (is_new) {
      std::vector<net::SyslogTarget> targets;
      for (const v1::LogTarget& target : common.log_targets()) {
        absl::StatusOr<net::SyslogTarget> usable = SyslogTargetOf(target);
        if (usable.ok()) {
          targets.push_back(*std::move(usable));
        } else {
          LB_LOG(kWarning) << "log " << target.address() << ": " << usable.status().message();
        }
      }
      auto sender = net::SyslogSender::Create(std::move(targets), tag.empty() ? "lb" : tag,
                                              snapshot.global().log_send_hostname());
      if (sender.ok()) {
        it->second = *std::move(sender);
      } else {
        LB_LOG(kWarning) << sender.status().message();
      }
    }
    by_backend_[common.name()] = it->second;
  }
}

void StateLog::Send(const std::string& backend, const checks::StateLine& line) {
  Print(line);
  auto it = by_backend_.find(backend);
  if (it != by_backend_.end() && it->second != nullptr) {
    it->second->Send(line.level, clock_.WallNow(), line.text);
  }
}

}  // namespace lb::service
