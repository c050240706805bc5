// What the control plane asks of a data plane and what it is told.
#include <utility>

#include "common/base/logger.h"
#include "dataplane/server/data_plane.h"
#include "dataplane/server/session_report.h"

namespace lb::server {
namespace {

constexpr Millis kTick{1000};

// What there is to count before the first snapshot: nothing.
const ServingSet& EmptySet() {
  static const ServingSet* const kEmpty = [] {
    auto* set = new ServingSet;  // lives as long as the process
    set->config = std::make_shared<const proxy::Config>();
    return set;
  }();
  return *kEmpty;
}

}  // namespace

ProcessConstants DataPlane::process_constants() const {
  return {facts_.pid, started_unix_ms_, static_cast<uint32_t>(pool_.size()),
          settings_.max_descriptors};
}

std::function<void()> DataPlane::InThisSession(std::function<void()> fn) {
  return [this, session = session_, fn = std::move(fn)] {
    if (link_ != nullptr && session == session_) fn();
  };
}

void DataPlane::OnConnected(ControlLink* link) {
  link_ = link;
  ++session_;
  SendHello();
}

void DataPlane::OnDisconnected(const std::string& /*reason*/) {
  link_ = nullptr;
  AbortPrepared();
}

void DataPlane::SendHello() {
  v1::FromDataPlane message;
  v1::Hello* hello = message.mutable_hello();
  hello->set_node(settings_.node);
  hello->set_group(settings_.group);
  for (const auto& [key, value] : settings_.labels) (*hello->mutable_labels())[key] = value;
  hello->set_version(settings_.version);
  if (snapshot_ != nullptr) {
    hello->set_revision(snapshot_->revision());
    hello->set_hash(snapshot_->hash());
  }
  hello->set_pid(facts_.pid);
  hello->set_started_unix_ms(started_unix_ms_);
  hello->set_workers(static_cast<uint32_t>(pool_.size()));
  hello->set_instance(instance_);
  link_->Send(std::move(message));
}

void DataPlane::SendAck(uint64_t revision, v1::Ack::Stage stage) {
  if (link_ == nullptr) return;
  v1::FromDataPlane message;
  message.mutable_ack()->set_revision(revision);
  message.mutable_ack()->set_stage(stage);
  link_->Send(std::move(message));
}

void DataPlane::SendNack(uint64_t revision, Problem problem, bool needs_full) {
  if (link_ == nullptr) return;
  v1::FromDataPlane message;
  v1::Nack* nack = message.mutable_nack();
  nack->set_revision(revision);
  nack->set_resource(std::move(problem.resource));
  nack->set_reason(std::move(problem.reason));
  nack->set_needs_full(needs_full);
  link_->Send(std::move(message));
}

void DataPlane::SendReport(uint64_t poll_id) {
  if (link_ == nullptr) return;
  const ServingSet& serving = has_config() ? *registry_->serving() : EmptySet();
  v1::FromDataPlane message;
  v1::Report* report = message.mutable_report();
  report->set_poll_id(poll_id);
  *report->mutable_counters() =
      CollectCounters(serving, *rates_, load_, process_constants(), loop_->clock().WallNow());
  TakeObservations(serving, report);
  link_->Send(std::move(message));
}

void DataPlane::AnswerListSessions(uint64_t id) {
  // One place a worker, so that they need no lock.
  auto lists = std::make_shared<std::vector<std::vector<v1::SessionEntry>>>(pool_.size());
  pool_.GiveAll([lists](Worker& worker) { (*lists)[worker.index()] = ListSessionsOf(worker); },
                InThisSession([this, id, lists] {
                  v1::FromDataPlane message;
                  v1::SessionList* answer = message.mutable_sessions();
                  answer->set_id(id);
                  for (std::vector<v1::SessionEntry>& list : *lists) {
                    for (v1::SessionEntry& entry : list) {
                      entry.set_node(settings_.node);
                      *answer->add_sessions() = std::move(entry);
                    }
                  }
                  link_->Send(std::move(message));
                }));
}

void DataPlane::AnswerListBadMessages(uint64_t id) {
  v1::FromDataPlane message;
  v1::BadMessageList* answer = message.mutable_bad_messages();
  answer->set_id(id);
  answer->set_total(bad_messages_.total());
  for (proxy::BadMessage& bad : bad_messages_.All()) *answer->add_messages() = ToProto(bad);
  link_->Send(std::move(message));
}

void DataPlane::AnswerShutdownSessions(const v1::ShutdownSessions& order) {
  auto ended = std::make_shared<std::atomic<uint64_t>>(0);
  pool_.GiveAll(
      [order, ended](Worker& worker) {
        ended->fetch_add(ShutdownSessionsOf(worker, order), std::memory_order_relaxed);
      },
      InThisSession([this, id = order.id(), ended] {
        SendCommandDone(id, ended->load(std::memory_order_relaxed));
      }));
}

void DataPlane::AnswerClearCounters(const v1::ClearCounters& order) {
  if (has_config()) {
    ClearMaxima(*registry_->serving(), &load_);
    sampler_.ClearMaxima();
    rates_ = sampler_.table();
    documents_.SetRates(rates_);
  }
  std::shared_ptr<const ServingSet> serving = has_config() ? registry_->serving() : nullptr;
  pool_.GiveAll(
      [serving, all = order.all()](Worker& worker) {
        if (serving != nullptr) ClearBlocks(*serving, worker.index(), all);
      },
      InThisSession([this, id = order.id()] { SendCommandDone(id, /*affected=*/0); }));
}

void DataPlane::SendCommandDone(uint64_t id, uint64_t affected) {
  v1::FromDataPlane message;
  message.mutable_command_done()->set_id(id);
  message.mutable_command_done()->set_affected(affected);
  link_->Send(std::move(message));
}

void DataPlane::Start() { Tick(); }

void DataPlane::Tick() {
  loop_->RunAfter(kTick, [this] { Tick(); });
  if (has_config()) {
    rates_ = sampler_.Sample(*registry_->serving(), load_, loop_->now(), pool_.size(),
                             pool_.waited_nanos());
    documents_.SetRates(rates_);
    auto changes = std::make_shared<const Changes>(registry_->WarmUp(loop_->now()));
    if (!changes->empty()) {
      pool_.GiveAll([changes](Worker& worker) { worker.ApplyChanges(*changes); }, [] {});
    }
  }
  SendReport(/*poll_id=*/0);
}

}  // namespace lb::server
