#include "dataplane/server/sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/check.h"
#include "common/base/logger.h"
#include "common/base/status.h"

namespace lb::server {
namespace {

std::string ResourceOf(const ListenPoint& point) {
  return absl::StrCat("frontend ", point.frontend->name, ", bind ", point.config().label);
}

// The reason without the address, which the resource names already.
std::string ReasonOf(const absl::Status& status, const Address& address) {
  std::string message(status.message());
  const std::string prefix = address.ToString() + ": ";
  if (message.rfind(prefix, 0) == 0) message.erase(0, prefix.size());
  return message;
}

bool HasUnixFile(const Address& address) {
  return address.is_unix() && address.UnixPath().substr(0, 1) != "@";
}

bool IsAnyIp(const Address& address) {
  const std::string ip = address.Ip();
  return ip == "0.0.0.0" || ip == "::";
}

// Whether listening on one keeps the other from being bound alone.
bool Overlap(const Address& a, const Address& b) {
  if (!a.is_ip() || !b.is_ip() || a.port() != b.port()) return false;
  return IsAnyIp(a) || IsAnyIp(b) || a.Ip() == b.Ip();
}

bool IsShared(const proxy::BindConfig& bind) {
  return bind.inherited_fd >= 0 || !bind.address.is_ip() || bind.address.port() == 0;
}

}  // namespace

std::vector<ListenPoint> ListenPointsOf(const proxy::Config& config) {
  std::vector<ListenPoint> points;
  std::map<std::string, int> seen;
  for (const auto& frontend : config.frontends) {
    for (size_t bind = 0; bind < frontend->binds.size(); ++bind) {
      std::string key = frontend->binds[bind].key;
      const int copies = seen[key]++;
      if (copies > 0) absl::StrAppend(&key, "#", copies);
      points.push_back({std::move(key), frontend, bind});
    }
  }
  return points;
}

Sockets::~Sockets() {
  Abort();
  for (const auto& [key, held] : held_) Unlink(held);
}

absl::Status Sockets::CheckFree(const proxy::BindConfig& bind) const {
  if (bind.inherited_fd >= 0) return absl::OkStatus();
  // Our own sockets would be in the way of the question; they answer it as well.
  for (const auto& [key, held] : held_) {
    if (Overlap(held.address, bind.address)) return absl::OkStatus();
  }
  return net::CheckAddressFree(bind.address, bind.options);
}

absl::StatusOr<Sockets::Held> Sockets::Take(const proxy::BindConfig& bind) const {
  Held held;
  held.address = bind.address;
  if (bind.inherited_fd >= 0) {
    // A copy: the original stays open for the snapshot after the next.
    UniqueFd fd(fcntl(bind.inherited_fd, F_DUPFD_CLOEXEC, 3));
    int is_socket = 0;
    socklen_t length = sizeof(is_socket);
    if (!fd.valid() || getsockopt(fd.get(), SOL_SOCKET, SO_TYPE, &is_socket, &length) != 0) {
      return ErrnoStatus(errno, absl::StrCat("descriptor ", bind.inherited_fd));
    }
    const int flags = fcntl(fd.get(), F_GETFL);
    fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK);
    held.fds.push_back(std::move(fd));
    return held;
  }
  const size_t count = IsShared(bind) ? 1 : workers_;
  for (size_t i = 0; i < count; ++i) {
    LB_ASSIGN_OR_RETURN(UniqueFd fd, net::BindSocket(bind.address, bind.options));
    held.fds.push_back(std::move(fd));
  }
  return held;
}

std::optional<Problem> Sockets::Prepare(const proxy::Config& config) {
  LB_CHECK(prepared_.empty());
  next_ = ListenPointsOf(config);
  const auto is_missing = [this](const ListenPoint& point) { return !held_.contains(point.key); };
  const auto problem_of = [](const ListenPoint& point, const absl::Status& status) {
    return Problem{ResourceOf(point), ReasonOf(status, point.config().address)};
  };
  // All questions come before the first socket of ours, which would share the address.
  for (const ListenPoint& point : next_) {
    if (!is_missing(point)) continue;
    absl::Status status = CheckFree(point.config());
    if (!status.ok()) {
      next_.clear();
      return problem_of(point, status);
    }
  }
  for (const ListenPoint& point : next_) {
    if (!is_missing(point)) continue;
    absl::StatusOr<Held> held = Take(point.config());
    if (!held.ok()) {
      Problem problem = problem_of(point, held.status());
      Abort();
      return problem;
    }
    held->label = ResourceOf(point);
    prepared_.emplace(point.key, std::move(*held));
  }
  return std::nullopt;
}

absl::Status Sockets::StartListening(const proxy::BindConfig& bind, Held* held) const {
  for (UniqueFd& fd : held->fds) {
    LB_RETURN_IF_ERROR(net::StartListening(fd.get(), held->address, bind.options));
  }
  held->backlog = bind.options.backlog;
  if (HasUnixFile(held->address)) {
    struct stat file {};
    if (stat(held->address.UnixPath().c_str(), &file) == 0) {
      held->file_device = file.st_dev;
      held->file_inode = file.st_ino;
    }
  }
  return absl::OkStatus();
}

std::vector<ListenPoint> Sockets::Commit() {
  std::vector<ListenPoint> listening;
  wanted_.clear();
  for (const ListenPoint& point : next_) {
    const proxy::BindConfig& bind = point.config();
    auto taken = prepared_.find(point.key);
    if (taken != prepared_.end()) {
      absl::Status status = StartListening(bind, &taken->second);
      if (!status.ok()) {
        LB_LOG(kError) << taken->second.label << ": " << ReasonOf(status, taken->second.address);
        continue;
      }
      held_.insert(prepared_.extract(taken));
    } else if (Held& held = held_.at(point.key); held.backlog != bind.options.backlog) {
      // Listening again changes the length of the queue, and nothing else.
      for (UniqueFd& fd : held.fds) ::listen(fd.get(), bind.options.backlog);
      held.backlog = bind.options.backlog;
    }
    wanted_.insert(point.key);
    listening.push_back(point);
  }
  Abort();
  return listening;
}

void Sockets::Abort() {
  for (const auto& [key, held] : prepared_) {
    if (!HasUnixFile(held.address)) continue;
    // Not renamed yet: the socket still has the name under which it was bound.
    for (const UniqueFd& fd : held.fds) unlink(Address::LocalOf(fd.get()).UnixPath().c_str());
  }
  prepared_.clear();
  next_.clear();
}

void Sockets::ReleaseUnused() {
  const auto is_next = [this](const std::string& key) {
    return std::any_of(next_.begin(), next_.end(),
                       [&](const ListenPoint& point) { return point.key == key; });
  };
  std::erase_if(held_, [&](const auto& entry) {
    if (wanted_.contains(entry.first) || is_next(entry.first)) return false;
    Unlink(entry.second);
    return true;
  });
}

void Sockets::Unlink(const Held& held) {
  if (held.file_inode == 0) return;
  const std::string path = held.address.UnixPath();
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) return;
  if (file.st_dev == held.file_device && file.st_ino == held.file_inode) unlink(path.c_str());
}

int Sockets::fd(const std::string& key, size_t worker) const {
  const Held& held = held_.at(key);
  return held.fds[held.fds.size() == 1 ? 0 : worker].get();
}

}  // namespace lb::server
