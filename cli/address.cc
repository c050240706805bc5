#include "cli/address.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "common/base/address.h"
#include "common/base/unique_fd.h"

namespace lb::cli {
namespace {

namespace fs = std::filesystem;

// A socket file outlives a daemon that was killed; only a listening one takes a connection.
bool IsListening(const std::string& path) {
  const absl::StatusOr<Address> address = Address::FromUnixPath(path);
  if (!address.ok()) return false;
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return fd.valid() && ::connect(fd.get(), address->sa(), address->length()) == 0;
}

}  // namespace

std::vector<std::string> FindAdminSockets(const std::string& root) {
  std::vector<std::string> sockets;
  std::error_code error;
  fs::directory_iterator entries(root, fs::directory_options::skip_permission_denied, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const std::string path = (entries->path() / "admin.sock").string();
    if (IsListening(path)) sockets.push_back(path);
  }
  std::sort(sockets.begin(), sockets.end());
  return sockets;
}

absl::StatusOr<std::string> DefaultAddress(const std::string& root) {
  const std::vector<std::string> sockets = FindAdminSockets(root);
  if (sockets.empty()) {
    return absl::NotFoundError(absl::StrCat("no control plane of yours is running below '", root,
                                            "'; give --address unix:PATH or HOST:PORT"));
  }
  if (sockets.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("several control planes are running; choose one with --address:\n  unix:",
                     absl::StrJoin(sockets, "\n  unix:")));
  }
  return absl::StrCat("unix:", sockets.front());
}

absl::StatusOr<std::string> ParseAddress(const std::string& address) {
  if (address.starts_with("unix:")) {
    if (address.size() > 5) return address;
  } else {
    const size_t colon = address.rfind(':');
    const std::string port = colon == std::string::npos ? "" : address.substr(colon + 1);
    const bool is_number =
        !port.empty() && port.find_first_not_of("0123456789") == std::string::npos;
    if (is_number && colon > 0) return address;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("address '", address, "': expected unix:PATH or HOST:PORT"));
}

bool IsOfThisHost(const std::string& target) {
  return target.starts_with("unix:") || target.starts_with("127.") ||
         target.starts_with("[::1]:") || target.starts_with("localhost:");
}

}  // namespace lb::cli
