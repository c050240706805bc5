#include "dataplane/server/snapshot_file.h"

#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "common/base/status.h"
#include "common/base/unique_fd.h"
#include "common/snapshot/hash.h"

namespace lb::server {
namespace {

constexpr std::string_view kSnapshotKind = "lb snapshot 1";
constexpr std::string_view kStatesKind = "lb states 1";
// "lb snapshot 1 " + 64 + " " + digits + "\n" is far shorter.
constexpr size_t kMaxHeader = 128;

std::string Sha256(std::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

std::string HeaderOf(std::string_view kind, std::string_view body) {
  return absl::StrCat(std::string(kind), " ", Sha256(body), " ", body.size(), "\n");
}

absl::Status WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, "write");
    text.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

absl::Status SyncDirectory(const std::string& directory) {
  UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || fsync(fd.get()) != 0) return ErrnoStatus(errno, directory);
  return absl::OkStatus();
}

absl::Status WriteFile(const std::string& directory, const std::string& name, std::string_view kind,
                       const google::protobuf::Message& message) {
  const std::string path = directory + "/" + name;
  const std::string temporary = path + ".tmp";
  const std::string body = message.SerializeAsString();
  {
    UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd.valid()) return ErrnoStatus(errno, temporary);
    LB_RETURN_IF_ERROR(WithContext(WriteAll(fd.get(), HeaderOf(kind, body)), temporary));
    LB_RETURN_IF_ERROR(WithContext(WriteAll(fd.get(), body), temporary));
    if (fsync(fd.get()) != 0) return ErrnoStatus(errno, temporary);
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return ErrnoStatus(errno, path);
  return SyncDirectory(directory);
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOENT) return absl::NotFoundError(path);
    return ErrnoStatus(errno, path);
  }
  std::string text;
  char part[65536];
  for (;;) {
    const ssize_t n = ::read(fd.get(), part, sizeof(part));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, path);
    if (n == 0) return text;
    text.append(part, static_cast<size_t>(n));
  }
}

absl::Status ReadMessage(const std::string& path, std::string_view kind,
                         google::protobuf::Message* message) {
  LB_ASSIGN_OR_RETURN(std::string text, ReadFile(path));
  const auto refuse = [&path](const char* why) {
    return absl::DataLossError(absl::StrCat(path, ": ", why));
  };
  const size_t end = text.substr(0, kMaxHeader).find('\n');
  if (end == std::string::npos || text.compare(0, kind.size(), kind) != 0) {
    return refuse("not a file of this program's");
  }
  const std::string_view body = std::string_view(text).substr(end + 1);
  if (text.substr(0, end + 1) != HeaderOf(kind, body)) return refuse("torn or changed");
  if (!message->ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return refuse("not a message of this version");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SnapshotFile::WriteSnapshot(const v1::Snapshot& snapshot) const {
  return WriteFile(directory_, "snapshot", kSnapshotKind, snapshot);
}

absl::Status SnapshotFile::WriteStates(const v1::States& states) const {
  return WriteFile(directory_, "states", kStatesKind, states);
}

absl::StatusOr<v1::Snapshot> SnapshotFile::ReadSnapshot() const {
  v1::Snapshot snapshot;
  const std::string path = directory_ + "/snapshot";
  LB_RETURN_IF_ERROR(ReadMessage(path, kSnapshotKind, &snapshot));
  if (SnapshotHash(snapshot) != snapshot.hash()) {
    return absl::DataLossError(path + ": its content is not that of its hash");
  }
  return snapshot;
}

absl::StatusOr<v1::States> SnapshotFile::ReadStates() const {
  v1::States states;
  LB_RETURN_IF_ERROR(ReadMessage(directory_ + "/states", kStatesKind, &states));
  return states;
}

}  // namespace lb::server
