#include "controlplane/service/controller.h"

#include <unistd.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/check.h"
#include "common/base/logger.h"
#include "controlplane/config/diff.h"

namespace lb::service {
namespace {

constexpr std::chrono::hours kPruneEvery(1);
constexpr std::chrono::hours kKeepEvents(24 * 30);
constexpr uint64_t kKeptEvents = 100'000;
constexpr uint64_t kKeptRevisions = 1'000;
constexpr std::chrono::hours kKeepMinutes(24 * 7);
constexpr uint64_t kKeptMinutes = 2'000'000;  // records, of some 100 bytes each
constexpr std::chrono::minutes kTellFailuresEvery(1);

}  // namespace

Controller::Controller(event::EventLoop* loop, ControllerOptions options, ControllerParts parts)
    : loop_(loop),
      options_(std::move(options)),
      compile_(std::move(parts.compile)),
      log_(std::move(parts.log)),
      checker_(std::move(parts.checker)),
      book_(loop->clock()),
      fleet_(loop, config::Diff, this, options_.limits),
      tickets_(loop, options_.state_dir.empty() ? "" : options_.state_dir + "/ticket.keys",
               [this](const v1::TicketKeys& keys) { fleet_.SetTicketKeys(keys); }),
      store_(loop, std::move(parts.store)),
      history_(loop->clock(), &store_),
      worker_(loop),
      expiry_(loop, &worker_, &history_) {
  Health::Parts health{loop, &book_, &fleet_, checker_.get(), log_.get(), &history_, &store_};
  health_ = std::make_unique<Health>(health);
  minutes_ = std::make_unique<MinuteLog>(MinuteLog::Parts{loop, &book_, &store_});
  servers_ = std::make_unique<ServerOps>(
      ServerOps::Parts{&book_, &fleet_, health_.get(), &history_, &store_});
  view_ = std::make_unique<View>(
      View::Parts{&loop->clock(), &book_, &fleet_, &store_, options_.version});
}

Controller::~Controller() {
  *is_alive_ = false;
  health_->Save(nullptr);
  minutes_->Write();
}

absl::Status Controller::Begin(Starting starting) {
  LB_CHECK(sockets_ != nullptr);
  book_.Remember(starting.overrides, starting.servers);
  for (const store::NodeRecord& record : starting.nodes) {
    fleet::Node node;
    node.hello.set_node(record.node);
    node.hello.set_group(record.group);
    node.hello.set_version(record.version);
    node.hello.set_instance(record.instance);
    node.peer = record.peer;
    node.since = WallTime(Millis(record.since_unix_ms));
    node.revision = record.revision;
    node.stage = "lost";
    node.last_error = record.last_error;
    fleet_.RememberNode(record.node, std::move(node));
  }
  revisions_ = std::make_unique<Revisions>(Revisions::Parts{
      &book_, &fleet_, health_.get(), &history_, &store_, &worker_, sockets_, compile_,
      [this](const ServingConfigPtr& serving) { expiry_.Watch(serving->snapshot); }});
  tls_changes_ = std::make_unique<TlsChanges>(loop_->clock(), revisions_.get());
  const uint64_t revision = starting.config->revision;
  absl::Status status = revisions_->Begin(std::move(starting.config), starting.is_new_revision);
  if (!status.ok()) return status;
  history_.Record(store::EventKind::kRevision, absl::StrCat(revision),
                  absl::StrCat(options_.program, " started with revision ", revision), "start");
  tickets_.Begin();
  minutes_->Begin();
  SchedulePrune();
  return absl::OkStatus();
}

v1::GetVersionReply Controller::Version() const {
  v1::GetVersionReply reply;
  reply.set_version(options_.version);
  reply.set_program(options_.program);
  reply.set_pid(static_cast<uint32_t>(getpid()));
  reply.set_state_dir(options_.state_dir);
  return reply;
}

void Controller::SaveNode(const std::string& name, const fleet::Node& node,
                          const std::string& event) {
  store::NodeRecord record;
  record.node = name;
  record.group = node.hello.group();
  record.version = node.hello.version();
  record.peer = node.peer;
  record.instance = node.hello.instance();
  record.revision = node.revision;
  record.stage = node.stage;
  record.is_connected = node.is_connected;
  record.since_unix_ms = UnixMillis(node.since);
  record.last_seen_unix_ms = history_.now_unix_ms();
  record.last_error = node.last_error;
  history_.RecordWith([record](store::StateStore* store) { return store->SaveNode(record); },
                      store::EventKind::kNode, name, event, node.peer, nullptr);
}

void Controller::OnNodeJoined(const std::string& name, const fleet::Node& node) {
  LB_LOG(kInfo) << "data plane '" << name << "' joined from " << node.peer << " with revision "
                << node.revision;
  SaveNode(name, node, absl::StrCat("joined with revision ", node.revision));
}

void Controller::OnNodeLost(const std::string& name, const fleet::Node& node) {
  if (!expects_losses_) {
    LB_LOG(kWarning) << "data plane '" << name << "' lost: " << node.last_error;
  }
  SaveNode(name, node, absl::StrCat("lost: ", node.last_error));
}

void Controller::OnNodeServing(const std::string& name, const fleet::Node& node) {
  SaveNode(name, node, absl::StrCat("serves revision ", node.revision));
  if (on_serving_ != nullptr) on_serving_(name);
}

void Controller::OnNodeRefused(const std::string& name, const fleet::Node& node) {
  LB_LOG(kError) << "data plane '" << name << "' refused revision " << fleet_.current()->revision()
                 << ": " << node.last_error;
  SaveNode(name, node,
           absl::StrCat("refused revision ", fleet_.current()->revision(), ": ", node.last_error));
  if (on_refused_ != nullptr) on_refused_(name, node.last_error);
}

// Besides the counters: connections that fail from a data plane to a server that checks find up are
// worth knowing, and no reason to take the server out.
void Controller::OnReport(const std::string& name, const v1::Report& report) {
  if (auto node = fleet_.nodes().find(name); node != fleet_.nodes().end()) {
    minutes_->OnReport(name, node->second);
  }
  for (const v1::ServerObservation& seen : report.observations()) {
    const ServerEntry* entry = book_.Find(seen.id());
    if (entry == nullptr || seen.connect_failures() == 0 || !entry->machine.is_usable()) continue;
    auto [told, is_new] = told_failures_.try_emplace(seen.id(), loop_->now());
    if (!is_new && loop_->now() - told->second < kTellFailuresEvery) continue;
    told->second = loop_->now();
    history_.Record(
        store::EventKind::kServer, entry->name(),
        absl::StrCat("data plane '", name, "' failed to connect ", seen.connect_failures(),
                     " times, while it is up: ", seen.last_error()),
        name);
  }
}

void Controller::SchedulePrune() {
  store::Retention retention;
  retention.oldest_unix_ms =
      history_.now_unix_ms() - std::chrono::duration_cast<Millis>(kKeepEvents).count();
  retention.events = kKeptEvents;
  retention.revisions = kKeptRevisions;
  retention.oldest_minute_unix_ms =
      history_.now_unix_ms() - std::chrono::duration_cast<Millis>(kKeepMinutes).count();
  retention.minutes = kKeptMinutes;
  store_.Write([retention](store::StateStore* store) { return store->Prune(retention).status(); });
  std::erase_if(told_failures_,
                [&](const auto& told) { return loop_->now() - told.second > kTellFailuresEvery; });
  loop_->RunAfter(std::chrono::duration_cast<Millis>(kPruneEvery), [this, is_alive = is_alive_] {
    if (*is_alive) SchedulePrune();
  });
}

}  // namespace lb::service
