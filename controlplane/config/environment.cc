// Environment::Real() and ReadSources(): the only places where the pipeline touches the outside.
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <system_error>

#include "absl/strings/str_cat.h"

#include "common/base/status.h"
#include "controlplane/config/compile.h"

namespace lb::config {
namespace {

absl::StatusOr<std::string> ReadFile(std::string_view path) {
  const std::string name(path);
  std::error_code ec;
  if (std::filesystem::is_directory(name, ec)) {
    return absl::FailedPreconditionError(absl::StrCat("'", name, "' is a directory"));
  }
  errno = 0;
  std::ifstream in(name, std::ios::binary);
  if (!in) return ErrnoStatus(errno, absl::StrCat("cannot read '", name, "'"));
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return absl::UnavailableError(absl::StrCat("cannot read '", name, "'"));
  return text.str();
}

absl::StatusOr<std::vector<std::string>> ListFiles(std::string_view path) {
  std::vector<std::string> names;
  std::error_code ec;
  for (std::filesystem::directory_iterator it(std::string(path), ec), end; !ec && it != end;
       it.increment(ec)) {
    std::error_code gone;  // of a file that goes meanwhile, or a link that leads nowhere
    if (it->is_regular_file(gone)) names.push_back(it->path().filename().string());
  }
  if (ec) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot list directory '", std::string(path), "': ", ec.message()));
  }
  return names;
}

absl::StatusOr<std::vector<Address>> Resolve(std::string_view host) {
  const std::string name(host);
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  const int error = getaddrinfo(name.c_str(), nullptr, &hints, &raw);
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> found(raw, &freeaddrinfo);
  if (error != 0) {
    return absl::NotFoundError(absl::StrCat("cannot resolve '", name, "': ", gai_strerror(error)));
  }
  std::vector<Address> addresses;
  for (const addrinfo* at = found.get(); at != nullptr; at = at->ai_next) {
    addresses.push_back(Address::FromSockaddr(at->ai_addr, at->ai_addrlen));
  }
  if (addresses.empty()) {
    return absl::NotFoundError(absl::StrCat("cannot resolve '", name, "': it has no address"));
  }
  return addresses;
}

// The "*.cfg" files of a directory in the order of their names; hidden files are left out.
absl::StatusOr<std::vector<std::string>> ListDirectory(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code ec;
  for (std::filesystem::directory_iterator it(directory, ec), end; !ec && it != end;
       it.increment(ec)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with('.') || !name.ends_with(".cfg") || !it->is_regular_file()) continue;
    paths.push_back(it->path().string());
  }
  if (ec) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot list directory '", directory, "': ", ec.message()));
  }
  if (paths.empty()) {
    return absl::NotFoundError(absl::StrCat("directory '", directory, "' has no '*.cfg' file"));
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace

Environment Environment::Real() {
  Environment env;
  env.getenv = [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
  env.read_file = ReadFile;
  env.list_directory = ListFiles;
  env.now = [] { return Clock::Real().WallNow(); };
  env.is_root = ::geteuid() == 0;
  env.resolve = Resolve;
  return env;
}

absl::StatusOr<std::vector<SourceFile>> ReadSources(const std::vector<std::string>& arguments) {
  std::vector<SourceFile> files;
  for (const std::string& argument : arguments) {
    std::vector<std::string> paths = {argument};
    std::error_code ec;
    if (std::filesystem::is_directory(argument, ec)) {
      LB_ASSIGN_OR_RETURN(paths, ListDirectory(argument));
    }
    for (const std::string& path : paths) {
      LB_ASSIGN_OR_RETURN(std::string text, ReadFile(path));
      files.push_back({path, std::move(text)});
    }
  }
  return files;
}

}  // namespace lb::config
