#include "controlplane/service/start.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/status.h"
#include "controlplane/service/history.h"

namespace lb::service {
namespace {

bool HasSameTexts(const std::vector<config::SourceFile>& a,
                  const std::vector<config::SourceFile>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.text == y.text; });
}

absl::StatusOr<std::optional<store::Revision>> CurrentOf(store::StateStore* store) {
  LB_ASSIGN_OR_RETURN(const uint64_t number, store->CurrentRevision());
  if (number == 0) return std::optional<store::Revision>();
  LB_ASSIGN_OR_RETURN(store::Revision revision, store->GetRevision(number));
  return std::optional<store::Revision>(std::move(revision));
}

absl::StatusOr<uint64_t> StoreAsServing(store::StateStore* store, const store::Revision& revision) {
  uint64_t number = 0;
  LB_RETURN_IF_ERROR(store->Batch([&]() -> absl::Status {
    LB_ASSIGN_OR_RETURN(number, store->AddRevision(revision));
    return store->SetRevisionOutcome(number, store::kOutcomeServing);
  }));
  return number;
}

}  // namespace

store::Revision RevisionOf(const ServingConfig& config, std::string author, std::string message,
                           int64_t now_unix_ms) {
  store::Revision revision;
  for (const config::SourceFile& file : config.files) {
    revision.files.push_back({file.path, file.text});
  }
  revision.hash = config.hash();
  revision.author = std::move(author);
  revision.message = std::move(message);
  revision.created_unix_ms = now_unix_ms;
  return revision;
}

std::vector<config::SourceFile> FilesOf(const store::Revision& revision) {
  std::vector<config::SourceFile> files;
  for (const store::StoredFile& file : revision.files) files.push_back({file.path, file.text});
  return files;
}

absl::StatusOr<Starting> LoadStart(store::StateStore* store, std::vector<config::SourceFile> files,
                                   const CompileFunction& compile, const Clock& clock,
                                   Diagnostics* diagnostics) {
  Starting starting;
  LB_ASSIGN_OR_RETURN(std::optional<store::Revision> current, CurrentOf(store));
  if (files.empty() && !current.has_value()) {
    return absl::FailedPreconditionError("no configuration file given, and no earlier revision");
  }
  if (files.empty()) files = FilesOf(*current);
  std::optional<config::Compiled> compiled = compile(files, diagnostics);
  if (!compiled.has_value()) return absl::InvalidArgumentError("the configuration has errors");
  const bool has_texts = current.has_value() && HasSameTexts(files, FilesOf(*current));
  starting.config = MakeServingConfig(*compiled, files, has_texts ? current->number : 0);
  // The same texts may mean something else today: environment, names, included files.
  if (!has_texts || current->hash != starting.config->hash()) {
    const int64_t now = UnixMillis(clock.WallNow());
    LB_ASSIGN_OR_RETURN(const uint64_t number,
                        StoreAsServing(store, RevisionOf(*starting.config, "start", "", now)));
    starting.config = MakeServingConfig(*std::move(compiled), std::move(files), number);
    starting.is_new_revision = true;
  }
  LB_ASSIGN_OR_RETURN(starting.overrides, store->ListOverrides());
  LB_ASSIGN_OR_RETURN(starting.servers, store->ListServers());
  LB_ASSIGN_OR_RETURN(starting.nodes, store->ListNodes());
  return starting;
}

}  // namespace lb::service
