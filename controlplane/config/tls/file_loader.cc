#include "controlplane/config/tls/file_loader.h"

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/str_cat.h"

#include "common/base/status.h"
#include "controlplane/config/utf8.h"

namespace lb::config {
namespace {

// HAProxy's order: the first one there is the default certificate.
constexpr std::array<std::string_view, 3> kBundleExtensions = {".dsa", ".ecdsa", ".rsa"};
// Names that a directory of certificates keeps for what belongs to one.
constexpr std::array<std::string_view, 4> kReservedExtensions = {".key", ".issuer", ".ocsp",
                                                                 ".sctl"};
constexpr std::array<std::string_view, 4> kAuthorityExtensions = {".pem", ".crt", ".cer", ".crl"};

bool EndsWithAny(const std::string& name, std::span<const std::string_view> extensions) {
  return std::ranges::any_of(extensions,
                             [&](std::string_view ending) { return name.ends_with(ending); });
}

// `word` below `base`, unless it says where it is itself.
std::string Below(const std::string& base, const std::string& word) {
  if (base.empty() || word.starts_with('/') || word.starts_with('@')) return word;
  return absl::StrCat(base, base.ends_with('/') ? "" : "/", word);
}

std::string Joined(const std::string& directory, const std::string& file) {
  return absl::StrCat(directory, directory.ends_with('/') ? "" : "/", file);
}

void Append(const TlsFileLoader::Found& more, TlsFileLoader::Found* all) {
  all->names.insert(all->names.end(), more.names.begin(), more.names.end());
  all->warnings.insert(all->warnings.end(), more.warnings.begin(), more.warnings.end());
}

}  // namespace

template <typename Load>
absl::StatusOr<TlsFileLoader::Found> TlsFileLoader::Once(const std::string& name,
                                                         v1::TlsFile::Kind kind, Load load) {
  auto it = loaded_.find(Key(name, kind));
  if (it == loaded_.end()) it = loaded_.emplace(Key(name, kind), load(name)).first;
  if (!it->second.ok()) return it->second.status();
  Found found{{name}, {}};
  for (const std::string& warning : it->second->warnings) {
    found.warnings.push_back(absl::StrCat("'", name, "': ", warning));
  }
  return found;
}

absl::StatusOr<std::optional<std::string>> TlsFileLoader::Optional(const std::string& path) const {
  absl::StatusOr<std::string> text = env_.read_file(path);
  if (text.ok()) return std::optional<std::string>(*std::move(text));
  if (absl::IsNotFound(text.status())) return std::optional<std::string>();
  return text.status();
}

std::string TlsFileLoader::Beside(const std::string& name, std::string_view extension) const {
  std::string base = name;
  if (defaults_.drops_extension && base.ends_with(".crt")) base.resize(base.size() - 4);
  return absl::StrCat(base, std::string(extension));
}

absl::StatusOr<LoadedTlsFile> TlsFileLoader::LoadCertificate(const std::string& name) {
  CertificateParts parts;
  LB_ASSIGN_OR_RETURN(parts.pem, env_.read_file(name));
  if (defaults_.loads_keys && !HasKey(parts.pem)) {
    LB_ASSIGN_OR_RETURN(parts.key, Optional(Beside(name, ".key")));
  }
  if (defaults_.loads_ocsp) {
    LB_ASSIGN_OR_RETURN(parts.ocsp, Optional(Beside(name, ".ocsp")));
  }
  if (parts.ocsp && defaults_.loads_issuers) {
    LB_ASSIGN_OR_RETURN(parts.issuer, Optional(Beside(name, ".issuer")));
  }
  absl::StatusOr<LoadedTlsFile> loaded = ParseCertificate(name, parts, env_.now());
  if (!loaded.ok()) return WithContext(loaded.status(), absl::StrCat("'", name, "'"));
  CompleteChain(issuers_, &loaded->file);
  if (defaults_.loads_sct_lists) {
    LB_ASSIGN_OR_RETURN(const std::optional<std::string> list, Optional(Beside(name, ".sctl")));
    if (list) {
      loaded->warnings.push_back(
          "the '.sctl' file beside it is not sent: Certificate Transparency is not supported yet");
    }
  }
  return loaded;
}

absl::StatusOr<TlsFileLoader::Found> TlsFileLoader::LoadIssuers(const std::string& directory) {
  absl::StatusOr<std::vector<std::string>> files = env_.list_directory(directory);
  if (!files.ok()) return WithContext(files.status(), absl::StrCat("'", directory, "'"));
  std::ranges::sort(*files);
  for (const std::string& file : *files) {
    if (file.starts_with('.')) continue;
    const std::string path = Joined(directory, file);
    LB_ASSIGN_OR_RETURN(const std::string text, env_.read_file(path));
    absl::StatusOr<v1::TlsFile> chain = ReadChain(path, text);
    if (!chain.ok()) return WithContext(chain.status(), absl::StrCat("'", path, "'"));
    issuers_.push_back(chain->pem());
  }
  return Found();
}

absl::StatusOr<TlsFileLoader::Found> TlsFileLoader::Bundle(const std::string& name,
                                                           const absl::Status& otherwise) {
  Found all;
  for (std::string_view extension : kBundleExtensions) {
    const std::string member = absl::StrCat(name, std::string(extension));
    LB_ASSIGN_OR_RETURN(const std::optional<std::string> there, Optional(member));
    if (!there) continue;
    LB_ASSIGN_OR_RETURN(const Found found,
                        Once(member, v1::TlsFile::CERTIFICATE,
                             [this](const std::string& path) { return LoadCertificate(path); }));
    Append(found, &all);
  }
  if (all.names.empty()) return otherwise;
  return all;
}

absl::StatusOr<TlsFileLoader::Found> TlsFileLoader::Certificate(const std::string& word,
                                                                Bundles bundles) {
  const std::string name = Below(defaults_.crt_base, word);
  absl::StatusOr<Found> found =
      Once(name, v1::TlsFile::CERTIFICATE,
           [this](const std::string& path) { return LoadCertificate(path); });
  if (found.ok() || bundles == Bundles::kNo || !defaults_.loads_bundles ||
      !absl::IsNotFound(found.status())) {
    return found;
  }
  return Bundle(name, found.status());
}

absl::StatusOr<TlsFileLoader::Found> TlsFileLoader::Certificates(const std::string& word) {
  const std::string directory = Below(defaults_.crt_base, word);
  absl::StatusOr<std::vector<std::string>> files = env_.list_directory(directory);
  if (!files.ok()) return Certificate(word, Bundles::kYes);
  std::ranges::sort(*files);
  Found all;
  for (const std::string& file : *files) {
    if (file.starts_with('.') || EndsWithAny(file, kReservedExtensions)) continue;
    if (!IsUtf8(file)) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", directory, "' holds a file whose name is not UTF-8"));
    }
    LB_ASSIGN_OR_RETURN(const Found found,
                        Once(Joined(directory, file), v1::TlsFile::CERTIFICATE,
                             [this](const std::string& path) { return LoadCertificate(path); }));
    Append(found, &all);
  }
  return all;
}

absl::StatusOr<LoadedTlsFile> TlsFileLoader::LoadDirectory(const std::string& name,
                                                           const std::vector<std::string>& files) {
  std::string contents;
  std::vector<std::string> warnings;
  for (const std::string& file : files) {
    if (file.starts_with('.') || !EndsWithAny(file, kAuthorityExtensions)) continue;
    LB_ASSIGN_OR_RETURN(const std::string text, env_.read_file(Joined(name, file)));
    // One that holds something else does not spoil the rest.
    absl::StatusOr<LoadedTlsFile> one = ParseAuthorities(file, text, env_.now());
    if (!one.ok()) one = ParseRevocations(file, text, env_.now());
    if (one.ok()) {
      contents.append(one->file.pem());
    } else {
      warnings.push_back(absl::StrCat("'", file,
                                      "' is left out: neither certificates nor lists "
                                      "of revocations"));
    }
  }
  absl::StatusOr<LoadedTlsFile> loaded = ParseAuthorities(name, contents, env_.now());
  if (loaded.ok()) {
    loaded->warnings.insert(loaded->warnings.end(), warnings.begin(), warnings.end());
  }
  return loaded;
}

absl::StatusOr<LoadedTlsFile> TlsFileLoader::LoadAuthorities(const std::string& name) {
  absl::StatusOr<LoadedTlsFile> loaded = LoadedTlsFile();
  absl::StatusOr<std::vector<std::string>> files = env_.list_directory(name);
  if (files.ok()) {
    std::ranges::sort(*files);
    loaded = LoadDirectory(name, *files);
  } else {
    LB_ASSIGN_OR_RETURN(const std::string text, env_.read_file(name));
    loaded = ParseAuthorities(name, text, env_.now());
  }
  if (!loaded.ok()) return WithContext(loaded.status(), absl::StrCat("'", name, "'"));
  return loaded;
}

absl::StatusOr<TlsFileLoader::Found> TlsFileLoader::Authorities(const std::string& word) {
  if (word == kSystemAuthorities) return Found{{word}, {}};
  return Once(Below(defaults_.ca_base, word), v1::TlsFile::AUTHORITIES,
              [this](const std::string& name) { return LoadAuthorities(name); });
}

absl::StatusOr<TlsFileLoader::Found> TlsFileLoader::Revocations(const std::string& word) {
  return Once(Below(defaults_.ca_base, word), v1::TlsFile::REVOCATIONS,
              [this](const std::string& name) -> absl::StatusOr<LoadedTlsFile> {
                LB_ASSIGN_OR_RETURN(const std::string text, env_.read_file(name));
                absl::StatusOr<LoadedTlsFile> loaded = ParseRevocations(name, text, env_.now());
                if (loaded.ok()) return loaded;
                return WithContext(loaded.status(), absl::StrCat("'", name, "'"));
              });
}

absl::StatusOr<TlsFileLoader::Found> TlsFileLoader::TicketKeys(const std::string& word) {
  return Once(word, v1::TlsFile::TICKET_KEYS,
              [this](const std::string& name) -> absl::StatusOr<LoadedTlsFile> {
                LB_ASSIGN_OR_RETURN(const std::string text, env_.read_file(name));
                absl::StatusOr<LoadedTlsFile> loaded = ParseTicketKeys(name, text);
                if (loaded.ok()) return loaded;
                return WithContext(loaded.status(), absl::StrCat("'", name, "'"));
              });
}

absl::StatusOr<TlsFileLoader::Found> TlsFileLoader::DhParameters(const std::string& word) {
  return Once(word, v1::TlsFile::DH_PARAMETERS,
              [this](const std::string& name) -> absl::StatusOr<LoadedTlsFile> {
                LB_ASSIGN_OR_RETURN(const std::string text, env_.read_file(name));
                absl::StatusOr<LoadedTlsFile> loaded = ParseDhParameters(name, text);
                if (loaded.ok()) return loaded;
                return WithContext(loaded.status(), absl::StrCat("'", name, "'"));
              });
}

std::vector<v1::TlsFile> TlsFileLoader::Take() {
  std::vector<v1::TlsFile> files;
  for (auto& [key, loaded] : loaded_) {
    if (loaded.ok()) files.push_back(std::move(loaded->file));
  }
  loaded_.clear();
  return files;
}

}  // namespace lb::config
