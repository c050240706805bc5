#include "controlplane/server/daemon.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"

#include "common/base/check.h"
#include "common/base/status.h"

namespace lb::control {
namespace {

// Waits for the child's word, and exits as it deserves.
[[noreturn]] void WaitAsParent(pid_t child, const UniqueFd& ready) {
  char word = 0;
  ssize_t n;
  do {
    n = ::read(ready.get(), &word, 1);
  } while (n < 0 && errno == EINTR);
  if (n == 1) _exit(0);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  _exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : 1);
}

}  // namespace

Daemon Daemon::Fork() {
  int ends[2];
  LB_CHECK(pipe2(ends, O_CLOEXEC) == 0);
  UniqueFd ready(ends[0]);
  UniqueFd parent(ends[1]);
  const pid_t child = fork();
  LB_CHECK(child >= 0);
  if (child > 0) {
    parent.Reset();
    WaitAsParent(child, ready);
  }
  setsid();
  return Daemon(std::move(parent));
}

void Daemon::ReportReady() {
  if (!parent_.valid()) return;
  UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (null.valid()) {
    for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null.get(), fd);
  }
  // A parent that has gone needs no word.
  [[maybe_unused]] ssize_t n = ::write(parent_.get(), "r", 1);
  parent_.Reset();
}

absl::Status WritePidFile(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file.valid()) return ErrnoStatus(errno, absl::StrCat("cannot create pid file ", path));
  const std::string text = absl::StrCat(getpid(), "\n");
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return ErrnoStatus(errno, absl::StrCat("cannot write pid file ", path));
  }
  return absl::OkStatus();
}

void NotifySystemd(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || *path == '\0') return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const size_t length = std::strlen(path);
  if (length >= sizeof(address.sun_path)) return;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // an abstract name
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  // Nobody to tell is not our trouble.
  [[maybe_unused]] ssize_t n = sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
                                      reinterpret_cast<const sockaddr*>(&address), size);
}

}  // namespace lb::control
