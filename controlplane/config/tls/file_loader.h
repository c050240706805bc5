// TlsFileLoader: the files that TLS settings name, read once each, checked, ready for the snapshot.
// One for each compilation; not thread-safe.
#ifndef LB_CONTROLPLANE_CONFIG_TLS_FILE_LOADER_H_
#define LB_CONTROLPLANE_CONFIG_TLS_FILE_LOADER_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "controlplane/config/compile.h"
#include "controlplane/config/tls/certificates.h"
#include "controlplane/config/tls/words.h"

namespace lb::config {

// "@system-ca": the operating system's trust store, which each data plane has itself.
inline constexpr std::string_view kSystemAuthorities = "@system-ca";

class TlsFileLoader {
 public:
  // Both borrowed.
  TlsFileLoader(const Environment& env, const TlsDefaults& defaults)
      : env_(env), defaults_(defaults) {}

  // What a word stands for: the names of TlsFile entries, and what is to be warned of.
  struct Found {
    std::vector<std::string> names;
    std::vector<std::string> warnings;
  };

  // "crt" of a bind line: a file, a bundle of ".rsa", ".ecdsa" and ".dsa", or a directory.
  absl::StatusOr<Found> Certificates(const std::string& word);
  // "crt" of a server line, or of a crt-list: a file; with `bundles`, a bundle as well.
  enum class Bundles { kNo, kYes };
  absl::StatusOr<Found> Certificate(const std::string& word, Bundles bundles);
  // "ca-file" and "ca-verify-file": a file, a directory, or kSystemAuthorities.
  absl::StatusOr<Found> Authorities(const std::string& word);
  absl::StatusOr<Found> Revocations(const std::string& word);
  absl::StatusOr<Found> TicketKeys(const std::string& word);
  absl::StatusOr<Found> DhParameters(const std::string& word);
  // "issuers-chain-path": chains that complete certificates loaded from now on. Finds nothing by
  // itself.
  absl::StatusOr<Found> LoadIssuers(const std::string& directory);
  // A crt-list as it is.
  absl::StatusOr<std::string> Text(const std::string& word) { return env_.read_file(word); }

  // Everything loaded so far, by name and kind.
  std::vector<v1::TlsFile> Take();

 private:
  using Key = std::pair<std::string, v1::TlsFile::Kind>;

  // The entry of `name`, made by `load` the first time.
  template <typename Load>
  absl::StatusOr<Found> Once(const std::string& name, v1::TlsFile::Kind kind, Load load);

  absl::StatusOr<LoadedTlsFile> LoadCertificate(const std::string& name);
  absl::StatusOr<LoadedTlsFile> LoadAuthorities(const std::string& name);
  absl::StatusOr<LoadedTlsFile> LoadDirectory(const std::string& name,
                                              const std::vector<std::string>& files);
  absl::StatusOr<Found> Bundle(const std::string& name, const absl::Status& otherwise);
  // The content of a file that need not be there.
  absl::StatusOr<std::optional<std::string>> Optional(const std::string& path) const;
  std::string Beside(const std::string& name, std::string_view extension) const;

  const Environment& env_;
  const TlsDefaults& defaults_;
  std::map<Key, absl::StatusOr<LoadedTlsFile>> loaded_;
  std::vector<std::string> issuers_;  // PEM, each with the issuer of a certificate first
};

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_TLS_FILE_LOADER_H_
