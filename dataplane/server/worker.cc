#include "dataplane/server/worker.h"

#include <pthread.h>
#include <signal.h>

#include <random>
#include <utility>

#include "absl/strings/str_cat.h"

#include "dataplane/proxy/h2_upstream.h"

namespace lb::server {
namespace {

constexpr Millis kPurgePeriod{1000};
constexpr Millis kDrainCheckPeriod{10};

// Signals are the main thread's.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

Worker::Worker(size_t index, WorkerShared shared) : index_(index), shared_(shared), lookup_(index) {
  SignalsBlocked blocked;
  thread_ = std::thread([this] { Run(); });
}

Worker::~Worker() { Stop(); }

void Worker::Stop() {
  if (!thread_.joinable()) return;
  loop_.Stop();
  thread_.join();
}

void Worker::Give(std::function<void(Worker&)> order) {
  loop_.Post([this, order = std::move(order)] { order(*this); });
}

void Worker::Run() {
  pthread_setname_np(pthread_self(), absl::StrCat("worker ", index_).c_str());
  context_ = std::make_unique<proxy::WorkerContext>(index_, &loop_, shared_.buffer_bytes);
  context_->load = shared_.load;
  context_->documents = shared_.documents;
  context_->bad_messages = shared_.bad_messages;
  context_->process = shared_.process;
  context_->lookup = &lookup_;
  context_->random_state = (uint64_t{std::random_device()()} << 32) + index_;
  if (!shared_.process_forks) loop_.set_descriptors_unshared();
  loop_.RunAfter(kPurgePeriod, [this] { PurgePools(); });
  loop_.Run();
  // Streams, frames and buffers go on the thread that made them.
  listeners_.clear();
  const std::shared_ptr<const ServingSet> serving = std::move(serving_);
  if (serving != nullptr) {
    for (const ServingSet::Server& server : serving->servers) ClearPool(server.runtime.get());
  }
  lookup_.Set(nullptr);
  context_.reset();
}

void Worker::SetConfig(WorkerConfig config) {
  const std::shared_ptr<const ServingSet> before = std::exchange(serving_, config.serving);
  context_->config = serving_->config;
  lookup_.Set(serving_);
  std::map<std::string, std::unique_ptr<proxy::Listener>> kept;
  for (const WorkerConfig::Listen& listen : config.listens) {
    const ListenPoint& point = listen.point;
    auto found = listeners_.find(point.key);
    if (found == listeners_.end()) {
      kept[point.key] =
          std::make_unique<proxy::Listener>(context_.get(), point.frontend, point.bind, listen.fd);
    } else {
      found->second->Update(point.frontend, point.bind);
      kept.insert(listeners_.extract(found));
    }
  }
  for (const auto& [key, listener] : listeners_) listener->Stop();
  listeners_ = std::move(kept);
  DrainGoneFrontends(before.get(), *serving_);
}

void Worker::DrainGoneFrontends(const ServingSet* before, const ServingSet& now) {
  if (before == nullptr) return;
  for (const auto& [id, frontend] : before->frontends) {
    if (!now.frontends.contains(id)) context_->sessions.DrainFrontend(id);
  }
}

void Worker::ApplyChanges(const Changes& changes) {
  for (const ViewUpdate& update : changes.views) {
    update.runtime->set_view(index_, update.view);
    // Who came to wait by the old view, on this worker, did so before now.
    update.runtime->ServeQueue(*update.view, update.balance);
    if (update.view->candidates.empty() && !update.view->has_pending) {
      update.runtime->NudgeQueue();
    }
  }
  for (const KillOrder& kill : changes.kills) {
    switch (kill.what) {
      case KillOrder::What::kServer:
        context_->sessions.KillOnServer(kill.server.get(), kill.reason);
        break;
      case KillOrder::What::kBackups:
        context_->sessions.KillOnBackups(kill.backend, kill.reason);
        break;
    }
  }
  for (const auto& server : changes.drained) {
    ClearPool(server.get());
    purged_at_.erase(server->id);
  }
}

void Worker::ClearPool(upstream::ServerRuntime* server) {
  const size_t dropped = server->idle[index_].Clear();
  server->idle_connections.fetch_sub(static_cast<uint32_t>(dropped), std::memory_order_relaxed);
  context_->h2_upstreams->Clear(server);
}

// Connections that their server has closed go at once; of those idle for longer than the purge
// delay, half go each time that much has passed.
void Worker::PurgePools() {
  loop_.RunAfter(kPurgePeriod, [this] { PurgePools(); });
  if (serving_ == nullptr) return;
  const SteadyTime now = loop_.now();
  context_->h2_upstreams->Purge(now);
  for (const ServingSet::Server& server : serving_->servers) {
    upstream::IdlePool& pool = server.runtime->idle[index_];
    SteadyTime& purged_at = purged_at_.try_emplace(server.config->id, now).first->second;
    const bool is_due = now - purged_at >= server.config->pool_purge_delay;
    if (is_due) purged_at = now;
    if (is_due && index_ == 0) server.runtime->AgeNeed();
    const size_t dropped =
        pool.Purge(is_due ? now - server.config->pool_purge_delay : SteadyTime::min());
    server.runtime->idle_connections.fetch_sub(static_cast<uint32_t>(dropped),
                                               std::memory_order_relaxed);
  }
}

void Worker::Drain(std::function<void()> done) {
  for (const auto& [key, listener] : listeners_) listener->Stop();
  listeners_.clear();
  context_->sessions.DrainAll();
  on_drained_ = std::move(done);
  CheckDrained();
}

void Worker::CheckDrained() {
  if (context_->sessions.size() == 0) {
    if (on_drained_ != nullptr) std::exchange(on_drained_, nullptr)();
    return;
  }
  loop_.RunAfter(kDrainCheckPeriod, [this] { CheckDrained(); });
}

}  // namespace lb::server
