#include "dataplane/proxy/h2_upstream.h"

#include <algorithm>
#include <utility>

#include "dataplane/proxy/random.h"
#include "dataplane/proxy/worker_context.h"

namespace lb::proxy {

H2Upstream::H2Upstream(WorkerContext* worker,
                       std::unique_ptr<upstream::UpstreamConnection> connection,
                       std::shared_ptr<const upstream::ServerConfig> config,
                       std::shared_ptr<upstream::ServerRuntime> runtime)
    : worker_(worker),
      connection_(std::move(connection)),
      config_(std::move(config)),
      runtime_(std::move(runtime)),
      max_streams_(worker->config->h2_backend.max_concurrent_streams),
      h2_(http::H2Session::Role::kClient, worker->config->h2_backend, worker->config->http_limits,
          NextRandom(&worker->random_state), this),
      transport_(&connection_->stream, &connection_->in, &worker->buffers, &h2_),
      idle_since_(worker->loop->now()),
      reaper_(this) {}

H2Upstream::~H2Upstream() {
  CountIdle(false);
  root_.Cancel();
}

void H2Upstream::Reaper::Run() { upstream_->worker_->h2_upstreams->Remove(upstream_); }

void H2Upstream::Start() {
  root_.Start(Run(this), [this] { worker_->loop->Queue(&reaper_); });
}

bool H2Upstream::HasRoom() const {
  return !is_retired_ && !is_ended_ && !transport_.is_failed() && live_ < max_streams_ &&
         connection_->exchanges <= config_->max_reuse && h2_.takes_streams() &&
         h2_.free_streams() > 0;
}

void H2Upstream::CountIdle(bool is_idle) {
  if (is_idle == std::exchange(is_counted_idle_, is_idle)) return;
  if (is_idle) {
    runtime_->idle_connections.fetch_add(1, std::memory_order_relaxed);
  } else {
    runtime_->idle_connections.fetch_sub(1, std::memory_order_relaxed);
  }
}

void H2Upstream::NoteGone() {
  if (--live_ > 0) return;
  idle_since_ = worker_->loop->now();
  const bool is_used_up = connection_->exchanges > config_->max_reuse || !h2_.takes_streams();
  if (is_used_up || is_retired_) {
    Retire();
  } else if (!is_ended_) {
    CountIdle(true);
  }
}

void H2Upstream::Retire() {
  is_retired_ = true;
  CountIdle(false);
  // Wakes the coroutine, which ends when nothing is left to do.
  if (live_ == 0) connection_->stream.Raise(event::kSignalled);
}

void H2Upstream::OnSettings() {
  // Those who wait for them are told by the coroutine: they send, which a callback may not.
  has_settings_ = true;
}

event::Task<void> H2Upstream::Run(H2Upstream* self) {
  event::EventLoop* loop = self->worker_->loop;
  H2Transport& transport = self->transport_;
  net::Stream& stream = self->connection_->stream;
  transport.ScheduleFlush();
  for (;;) {
    const H2Transport::Outcome outcome = transport.Receive();
    if (outcome == H2Transport::Outcome::kEnd) break;
    if (self->has_settings_) {
      for (H2SettingsWaiter* waiter : std::exchange(self->waiters_, {})) waiter->OnSettings();
    }
    if (outcome == H2Transport::Outcome::kShareUsed) {
      co_await event::Yield(loop);
      continue;
    }
    if (self->is_retired_ && self->live_ == 0) {
      self->h2_.Terminate(http::H2Error::kNoError);
      break;
    }
    stream.Clear(event::kSignalled);
    const event::Interest interest = transport.interest();
    co_await event::Wait(loop, interest, SteadyTime::max());
    if (stream.is_ready(event::kWritable) && transport.has_pending()) transport.Flush();
  }
  transport.Flush();
  self->is_ended_ = true;
  self->CountIdle(false);
  self->h2_.AbandonAll();
}

H2Attempt::H2Attempt(H2UpstreamPool* pool, const upstream::ServerRuntime* server,
                     event::EventLoop* loop)
    : pool_(pool), server_(server), ended_(loop) {}

H2Attempt::~H2Attempt() {
  auto found = pool_->waiting_.find(server_);
  if (is_making_) {
    std::erase(pool_->attempts_, server_);
    if (found == pool_->waiting_.end()) return;
    for (H2Attempt* waiter : found->second) waiter->ended_.Raise(event::kSignalled);
    pool_->waiting_.erase(found);
  } else if (found != pool_->waiting_.end()) {
    std::erase(found->second, this);
  }
}

bool H2Attempt::MustWait() {
  const std::vector<const upstream::ServerRuntime*>& attempts = pool_->attempts_;
  if (std::find(attempts.begin(), attempts.end(), server_) == attempts.end()) return false;
  ended_.Clear(event::kSignalled);
  std::vector<H2Attempt*>& waiting = pool_->waiting_[server_];
  if (std::find(waiting.begin(), waiting.end(), this) == waiting.end()) waiting.push_back(this);
  return true;
}

void H2Attempt::Begin() {
  is_making_ = true;
  pool_->attempts_.push_back(server_);
}

std::shared_ptr<H2Upstream> H2UpstreamPool::Take(const upstream::ServerRuntime& server,
                                                 bool proven_only, std::string_view purpose) {
  auto found = pools_.find(&server);
  if (found == pools_.end()) return nullptr;
  for (const std::shared_ptr<H2Upstream>& upstream : found->second) {
    if (!upstream->HasRoom() || (proven_only && !upstream->is_proven())) continue;
    if (upstream->connection().purpose == purpose) return upstream;
  }
  return nullptr;
}

void H2UpstreamPool::Add(std::shared_ptr<H2Upstream> upstream) {
  Connections& pool = pools_[&upstream->runtime()];
  pool.push_back(std::move(upstream));
}

void H2UpstreamPool::Remove(const H2Upstream* upstream) {
  auto found = pools_.find(&upstream->runtime());
  if (found == pools_.end()) return;
  std::shared_ptr<H2Upstream> removed;  // goes last: it may be what is running
  Connections& pool = found->second;
  auto place =
      std::find_if(pool.begin(), pool.end(), [&](const auto& u) { return u.get() == upstream; });
  if (place == pool.end()) return;
  removed = std::move(*place);
  pool.erase(place);
  if (pool.empty()) pools_.erase(found);
}

void H2UpstreamPool::Purge(SteadyTime now) {
  for (auto& [server, pool] : pools_) {
    const bool is_usable =
        !server->is_retired.load(std::memory_order_relaxed) &&
        server->status.load(std::memory_order_relaxed) == upstream::ServerStatus::kUp;
    uint32_t idle = 0;
    for (const std::shared_ptr<H2Upstream>& upstream : pool) {
      if (!upstream->is_idle()) continue;
      ++idle;
      const upstream::ServerConfig& config = upstream->config();
      const bool is_surplus = config.pool_max_conn != 0 && idle > config.pool_max_conn;
      if (!is_usable || is_surplus || now - upstream->idle_since() >= config.pool_purge_delay) {
        upstream->Retire();
      }
    }
  }
}

void H2UpstreamPool::Clear(const upstream::ServerRuntime* server) {
  auto found = pools_.find(server);
  if (found == pools_.end()) return;
  for (const std::shared_ptr<H2Upstream>& upstream : found->second) upstream->Retire();
  const Connections gone = std::move(found->second);
  pools_.erase(found);
}

}  // namespace lb::proxy
