// H2Upstream: one HTTP/2 connection to a server, which exchanges of one worker share, a stream
// each. H2UpstreamPool: those of one worker that take more streams.
//
// A connection lives as long as the pool or an exchange holds it. It leaves the pool when the
// server says GOAWAY or closes it, when it has carried "max-reuse" exchanges, and when it was idle
// for longer than "pool-purge-delay". One worker's thread. Source: RFC 9113; HAProxy configuration
// manual, "http-reuse", "max-reuse", "pool-max-conn", "pool-purge-delay",
// "tune.h2.be.max-concurrent-streams".
#ifndef LB_DATAPLANE_PROXY_H2_UPSTREAM_H_
#define LB_DATAPLANE_PROXY_H2_UPSTREAM_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/event/task.h"
#include "dataplane/http/h2_session.h"
#include "dataplane/proxy/config.h"
#include "dataplane/proxy/h2_transport.h"
#include "dataplane/upstream/idle_pool.h"
#include "dataplane/upstream/server.h"

namespace lb::proxy {

class H2UpstreamPool;
struct WorkerContext;

// Who waits for the server's SETTINGS.
class H2SettingsWaiter {
 public:
  virtual ~H2SettingsWaiter() = default;
  virtual void OnSettings() = 0;
};

class H2Upstream final : public http::H2Listener {
 public:
  H2Upstream(WorkerContext* worker, std::unique_ptr<upstream::UpstreamConnection> connection,
             std::shared_ptr<const upstream::ServerConfig> config,
             std::shared_ptr<upstream::ServerRuntime> runtime);
  ~H2Upstream() override;

  // Begins to serve.
  void Start();

  // Whether one more exchange may use it.
  bool HasRoom() const;
  // Whether an exchange has had a response over it.
  bool is_proven() const { return is_proven_; }
  bool is_idle() const { return live_ == 0; }
  bool is_ended() const { return is_ended_; }
  SteadyTime idle_since() const { return idle_since_; }
  const upstream::ServerConfig& config() const { return *config_; }
  const upstream::ServerRuntime& runtime() const { return *runtime_; }
  upstream::UpstreamConnection& connection() { return *connection_; }
  H2Transport& transport() { return transport_; }
  std::string_view scheme() const { return connection_->stream.is_tls() ? "https" : "http"; }

  // A stream begins and ends.
  void NoteBegun() {
    CountIdle(false);
    ++live_;
    ++connection_->exchanges;
  }
  void NoteGone();
  void NoteResponse() { is_proven_ = true; }
  // Takes no more streams, and ends with its last.
  void Retire();

  bool has_settings() const { return has_settings_; }
  void WaitForSettings(H2SettingsWaiter* waiter) { waiters_.push_back(waiter); }
  void Forget(H2SettingsWaiter* waiter) { std::erase(waiters_, waiter); }

 private:
  // Takes the connection out of the pool once its coroutine has returned.
  class Reaper final : public event::Runnable {
   public:
    explicit Reaper(H2Upstream* upstream) : upstream_(upstream) {}
    void Run() override;

   private:
    H2Upstream* const upstream_;
  };

  static event::Task<void> Run(H2Upstream* self);
  // Whether it is among the idle connections of its server, as the statistics show them.
  void CountIdle(bool is_idle);
  http::H2StreamUser* OnStreamBegins(http::H2Channel*) override { return nullptr; }
  void OnSettings() override;

  WorkerContext* const worker_;
  const std::unique_ptr<upstream::UpstreamConnection> connection_;
  const std::shared_ptr<const upstream::ServerConfig> config_;
  const std::shared_ptr<upstream::ServerRuntime> runtime_;
  const uint32_t max_streams_;
  http::H2Session h2_;
  H2Transport transport_;
  std::vector<H2SettingsWaiter*> waiters_;
  uint32_t live_ = 0;
  bool has_settings_ = false;
  bool is_proven_ = false;
  bool is_retired_ = false;
  bool is_counted_idle_ = false;
  bool is_ended_ = false;
  SteadyTime idle_since_;
  event::Root root_;
  Reaper reaper_;
};

// One exchange's part in getting a connection that others will share: it makes the attempt, or
// waits for that of another. Ends both when destroyed.
class H2Attempt {
 public:
  H2Attempt(H2UpstreamPool* pool, const upstream::ServerRuntime* server, event::EventLoop* loop);
  H2Attempt(const H2Attempt&) = delete;
  H2Attempt& operator=(const H2Attempt&) = delete;
  ~H2Attempt();

  // Whether another exchange is at it. kSignalled is raised when that has ended.
  bool MustWait();
  event::Source* source() { return &ended_; }
  void Begin();

 private:
  friend class H2UpstreamPool;
  H2UpstreamPool* const pool_;
  const upstream::ServerRuntime* const server_;
  event::Source ended_;
  bool is_making_ = false;
};

class H2UpstreamPool {
 public:
  bool is_empty() const { return pools_.empty(); }

  // A connection to the server that takes one more stream, or null. `proven_only`: one that has
  // brought a response. `purpose`: see upstream::UpstreamConnection.
  std::shared_ptr<H2Upstream> Take(const upstream::ServerRuntime& server, bool proven_only,
                                   std::string_view purpose);
  void Add(std::shared_ptr<H2Upstream> upstream);
  void Remove(const H2Upstream* upstream);
  // Ends what has been idle for too long, or whose server is not to be used any more.
  void Purge(SteadyTime now);
  // Takes all connections to the server out.
  void Clear(const upstream::ServerRuntime* server);

 private:
  friend class H2Attempt;
  using Connections = std::vector<std::shared_ptr<H2Upstream>>;
  std::unordered_map<const upstream::ServerRuntime*, std::vector<H2Attempt*>>
      waiting_;                                           // by server
  std::vector<const upstream::ServerRuntime*> attempts_;  // one at a time for each server
  std::unordered_map<const upstream::ServerRuntime*, Connections> pools_;
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_H2_UPSTREAM_H_
