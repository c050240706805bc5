#include "controlplane/service/revisions.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/status.h"
#include "controlplane/config/diff.h"
#include "controlplane/service/start.h"

namespace lb::service {
namespace {

constexpr uint32_t kListedRevisions = 50;

template <typename Files>
std::vector<config::SourceFile> SourcesOf(const Files& files) {
  std::vector<config::SourceFile> sources;
  for (const v1::ConfigFile& file : files) sources.push_back({file.path(), file.text()});
  return sources;
}

}  // namespace

v1::NodeResult ToProto(const fleet::NodeOutcome& outcome) {
  v1::NodeResult result;
  result.set_node(outcome.node);
  result.set_stage(outcome.stage);
  result.set_resource(outcome.resource);
  result.set_reason(outcome.reason);
  result.set_seconds(outcome.seconds);
  return result;
}

absl::Status Revisions::Begin(ServingConfigPtr config, bool is_new_revision) {
  LB_RETURN_IF_ERROR(parts_.sockets->Prepare(config->control));
  began_new_ = is_new_revision;
  serving_ = std::move(config);
  const auto changes = parts_.book->Adopt(serving_->snapshot);
  parts_.fleet->SetCurrent(serving_->stripped, parts_.book->AllStates());
  parts_.health->OnAdopted(changes);
  parts_.sockets->Commit();
  if (parts_.on_serving != nullptr) parts_.on_serving(serving_);
  return absl::OkStatus();
}

void Revisions::RefuseStart(const std::string& reason) {
  if (!began_new_) return;
  StoreOutcome(serving_->revision, absl::StrCat("refused: ", reason), "start", nullptr);
}

void Revisions::Check(const v1::CheckRequest& request, Done<v1::CheckReply> done) {
  parts_.worker->Run(
      [compile = parts_.compile, files = SourcesOf(request.files())] {
        Diagnostics diagnostics;
        v1::CheckReply reply;
        reply.set_valid(compile(files, &diagnostics).has_value());
        reply.set_diagnostics(diagnostics.Render());
        return reply;
      },
      [done = std::move(done)](v1::CheckReply reply) { done(std::move(reply)); });
}

void Revisions::Apply(const v1::ApplyRequest& request, Done<v1::ApplyReply> done) {
  if (request.files().empty()) {
    done(absl::InvalidArgumentError("no configuration file given"));
    return;
  }
  auto change = std::make_shared<Change>();
  change->files = SourcesOf(request.files());
  change->message = request.message();
  change->origin = OriginText(request.origin());
  change->done = std::move(done);
  Enqueue(std::move(change));
}

void Revisions::Rollback(const v1::RollbackRequest& request, Done<v1::ApplyReply> done) {
  const uint64_t number = request.revision();
  parts_.store->Read([number](store::StateStore* store) { return store->GetRevision(number); },
                     [this, number, origin = OriginText(request.origin()),
                      done = std::move(done)](absl::StatusOr<store::Revision> revision) {
                       if (!revision.ok()) {
                         done(absl::IsNotFound(revision.status())
                                  ? absl::NotFoundError(absl::StrCat("no revision ", number))
                                  : revision.status());
                         return;
                       }
                       auto change = std::make_shared<Change>();
                       change->files = FilesOf(*revision);
                       change->message = absl::StrCat("rollback to revision ", number);
                       change->origin = origin;
                       change->done = done;
                       Enqueue(std::move(change));
                     });
}

void Revisions::ReplaceFile(v1::TlsFile file, std::string text, const v1::Origin& origin,
                            Done<v1::ApplyReply> done) {
  auto change = std::make_shared<Change>();
  change->file = std::move(file);
  change->message = std::move(text);
  change->origin = OriginText(origin);
  change->done = std::move(done);
  Enqueue(std::move(change));
}

void Revisions::Enqueue(std::shared_ptr<Change> change) {
  waiting_.push_back(std::move(change));
  StartNext();
}

void Revisions::StartNext() {
  if (change_ != nullptr || waiting_.empty()) return;
  change_ = std::move(waiting_.front());
  waiting_.pop_front();
  if (change_->file.has_value()) return StartReplacement();
  parts_.worker->Run(
      [compile = parts_.compile, files = change_->files] {
        Compilation result;
        result.compiled = compile(files, &result.diagnostics);
        return result;
      },
      [this](Compilation result) { OnCompiled(std::move(result)); });
}

void Revisions::StartReplacement() {
  const std::string when = UtcText(parts_.history->now_unix_ms() / 1000);
  const std::string who = absl::StrCat(change_->origin, ", ", when);
  parts_.worker->Run(
      [serving = serving_, file = *change_->file, who] { return WithFile(*serving, file, who); },
      [this](absl::StatusOr<ServingConfigPtr> next) { OnReplaced(std::move(next)); });
}

void Revisions::OnReplaced(absl::StatusOr<ServingConfigPtr> next) {
  change_->reply.set_revision(serving_->revision);
  if (absl::IsInvalidArgument(next.status())) {
    change_->reply.set_reason(std::string(next.status().message()));
    Finish(absl::OkStatus());
    return;
  }
  if (!next.ok()) {
    Finish(next.status());
    return;
  }
  if ((*next)->hash() == serving_->hash()) {
    FinishUnchanged();
    return;
  }
  change_->next = *std::move(next);
  Publish();
}

void Revisions::OnCompiled(Compilation compilation) {
  v1::ApplyReply& reply = change_->reply;
  reply.set_revision(serving_->revision);
  reply.set_diagnostics(compilation.diagnostics.Render());
  if (!compilation.compiled.has_value()) {
    const size_t errors = compilation.diagnostics.errors();
    reply.set_reason(
        absl::StrCat("the configuration has ", errors, errors == 1 ? " error" : " errors"));
    Finish(absl::OkStatus());
    return;
  }
  if (IsSameConfig(*compilation.compiled, *serving_)) {
    // Files that were replaced while serving are now what the configuration says.
    if (!serving_->replaced.empty()) {
      auto same = std::make_shared<ServingConfig>(*serving_);
      same->replaced.clear();
      serving_ = std::move(same);
    }
    FinishUnchanged();
    return;
  }
  // The number is not known yet; the hash does not depend on it.
  change_->next = MakeServingConfig(*compilation.compiled, change_->files, 0);
  for (std::string& line : config::DescribeChanges(*serving_->snapshot, *change_->next->snapshot)) {
    reply.add_changes(std::move(line));
  }
  parts_.store->Read(
      [revision = RevisionOf(*change_->next, change_->origin, change_->message,
                             parts_.history->now_unix_ms())](store::StateStore* store) {
        return store->AddRevision(revision);
      },
      [this, compiled = *std::move(compilation.compiled)](absl::StatusOr<uint64_t> number) {
        OnStored(compiled, std::move(number));
      });
}

void Revisions::OnStored(config::Compiled compiled, absl::StatusOr<uint64_t> number) {
  if (!number.ok()) {
    Finish(number.status());
    return;
  }
  change_->next = MakeServingConfig(std::move(compiled), change_->files, *number);
  change_->reply.set_revision(*number);
  if (absl::Status status = parts_.sockets->Prepare(change_->next->control); !status.ok()) {
    Refuse(std::string(status.message()));
    return;
  }
  Publish();
}

void Revisions::Publish() {
  fleet::PublishHooks hooks;
  hooks.decide = [this](fleet::PublishHooks::Verdict verdict) { Decide(std::move(verdict)); };
  hooks.done = [this](fleet::PublishResult result) { OnPublished(std::move(result)); };
  parts_.fleet->Publish(
      change_->next->stripped,
      [this, next = change_->next] { return parts_.book->StatesFor(*next->snapshot); },
      std::move(hooks));
}

// All nodes have validated. The decision is durable before the first of them hears of it.
void Revisions::Decide(fleet::PublishHooks::Verdict verdict) {
  const uint64_t number = change_->next->revision;
  auto adopt = [this, verdict = std::move(verdict)](absl::Status status) {
    if (status.ok()) Adopt();
    verdict(status);
  };
  if (change_->file.has_value()) {
    parts_.history->RecordWith(nullptr, store::EventKind::kCertificate, change_->file->name(),
                               change_->message, change_->origin, std::move(adopt));
    return;
  }
  parts_.history->RecordWith(
      [number](store::StateStore* store) {
        return store->SetRevisionOutcome(number, store::kOutcomeServing);
      },
      store::EventKind::kRevision, absl::StrCat(number),
      absl::StrCat("revision ", number, " serves",
                   change_->message.empty() ? "" : absl::StrCat(": ", change_->message)),
      change_->origin, std::move(adopt));
}

void Revisions::Adopt() {
  serving_ = change_->next;
  const auto changes = parts_.book->Adopt(serving_->snapshot);
  parts_.fleet->ReplaceStates(parts_.book->AllStates());
  parts_.health->OnAdopted(changes);
  if (!change_->file.has_value()) parts_.sockets->Commit();
  if (parts_.on_serving != nullptr) parts_.on_serving(serving_);
}

void Revisions::OnPublished(fleet::PublishResult result) {
  for (const fleet::NodeOutcome& outcome : result.nodes) {
    *change_->reply.add_nodes() = ToProto(outcome);
  }
  if (!result.is_committed) {
    if (!change_->file.has_value()) parts_.sockets->Abort();
    Refuse(result.reason);
    return;
  }
  change_->reply.set_applied(true);
  Finish(absl::OkStatus());
}

void Revisions::Refuse(const std::string& reason) {
  change_->reply.set_reason(reason);
  if (change_->file.has_value()) {
    Finish(absl::OkStatus());
    return;
  }
  StoreOutcome(change_->next->revision, absl::StrCat("refused: ", reason), change_->origin,
               [this](absl::Status status) { Finish(status); });
}

// Nothing to roll out; but a node may have refused what serves, or not have it yet.
void Revisions::FinishUnchanged() {
  change_->reply.set_applied(true);
  change_->reply.set_unchanged(true);
  for (const fleet::NodeOutcome& outcome : parts_.fleet->Behind()) {
    *change_->reply.add_nodes() = ToProto(outcome);
  }
  Finish(absl::OkStatus());
}

void Revisions::StoreOutcome(uint64_t number, const std::string& outcome, const std::string& origin,
                             StoreThread::Done done) {
  parts_.history->RecordWith(
      [number, outcome](store::StateStore* store) {
        return store->SetRevisionOutcome(number, outcome);
      },
      store::EventKind::kRevision, absl::StrCat(number),
      absl::StrCat("revision ", number, " ", outcome), origin, std::move(done));
}

void Revisions::Finish(absl::Status status) {
  std::shared_ptr<Change> finished = std::move(change_);
  if (status.ok()) {
    finished->done(std::move(finished->reply));
  } else {
    finished->done(status);
  }
  StartNext();
}

void Revisions::List(const v1::ListRevisionsRequest& request, Done<v1::ListRevisionsReply> done) {
  const uint32_t limit = request.limit() == 0 ? kListedRevisions : request.limit();
  parts_.store->Read(
      [limit](store::StateStore* store) { return store->ListRevisions(limit); },
      [this, done = std::move(done)](absl::StatusOr<std::vector<store::Revision>> revisions) {
        if (!revisions.ok()) {
          done(revisions.status());
          return;
        }
        v1::ListRevisionsReply reply;
        for (const store::Revision& revision : *revisions) {
          v1::Revision* entry = reply.add_revisions();
          entry->set_revision(revision.number);
          entry->set_hash(revision.hash);
          entry->set_created_unix_ms(revision.created_unix_ms);
          entry->set_author(revision.author);
          entry->set_message(revision.message);
          entry->set_is_current(revision.number == serving_->revision);
          entry->set_outcome(revision.outcome);
        }
        done(std::move(reply));
      });
}

void Revisions::GetConfig(const v1::GetConfigRequest& request, Done<v1::GetConfigReply> done) {
  const uint64_t number = request.revision() == 0 ? serving_->revision : request.revision();
  parts_.store->Read([number](store::StateStore* store) { return store->GetRevision(number); },
                     [number, done = std::move(done)](absl::StatusOr<store::Revision> revision) {
                       if (!revision.ok()) {
                         done(absl::IsNotFound(revision.status())
                                  ? absl::NotFoundError(absl::StrCat("no revision ", number))
                                  : revision.status());
                         return;
                       }
                       v1::GetConfigReply reply;
                       reply.set_revision(number);
                       for (const store::StoredFile& file : revision->files) {
                         v1::ConfigFile* out = reply.add_files();
                         out->set_path(file.path);
                         out->set_text(file.text);
                       }
                       done(std::move(reply));
                     });
}

}  // namespace lb::service
