// WorkerContext: what a session needs from its worker. One per worker; used on its thread only,
// except where a member says otherwise.
#ifndef LB_DATAPLANE_PROXY_WORKER_CONTEXT_H_
#define LB_DATAPLANE_PROXY_WORKER_CONTEXT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/event/event_loop.h"
#include "common/net/buffer_pool.h"
#include "dataplane/proxy/config.h"
#include "dataplane/proxy/handshake_pace.h"
#include "dataplane/proxy/pipe_pool.h"
#include "dataplane/proxy/session_list.h"
#include "dataplane/rules/context.h"

namespace lb::proxy {

// Load of the whole process, shared by all workers.
struct ProcessLoad {
  std::atomic<uint32_t> connections{0};
  std::atomic<uint32_t> max_connections_seen{0};
  std::atomic<uint64_t> total_connections{0};
  std::atomic<uint64_t> total_requests{0};
  std::atomic<uint64_t> next_session_id{1};
  std::atomic<bool> is_stopping{false};
  // TLS. A key is computed in a handshake that resumes no session.
  std::atomic<uint32_t> tls_connections{0};
  std::atomic<uint64_t> total_tls_connections{0};
  std::atomic<uint64_t> tls_keys{0};
  std::atomic<uint64_t> server_tls_keys{0};  // with servers
  HandshakePace tls_pace;
};

// A document the proxy makes itself: the statistics page, the Prometheus metrics.
struct LocalDocument {
  int status = 200;
  std::string content_type;
  std::string body;
};

// Renders what needs a look at every counter. Called on any worker's thread, so it must be
// thread-safe; it takes no lock that a worker could wait for long.
class DocumentSource {
 public:
  virtual ~DocumentSource() = default;
  // `query` is what follows the page's uri: "", ";csv", ";json", ";up", ...
  virtual LocalDocument StatsDocument(const Config& config, const StatsPage& page,
                                      std::string_view query) = 0;
  virtual LocalDocument PrometheusDocument(const Config& config, std::string_view query) = 0;
};

class BadMessages;
class ExchangePool;
class H2UpstreamPool;

struct WorkerContext {
  WorkerContext(size_t worker_index, event::EventLoop* event_loop, size_t buffer_bytes);
  ~WorkerContext();

  const size_t index;
  event::EventLoop* const loop;
  std::shared_ptr<const Config> config;  // the newest; sessions copy it per exchange
  net::BufferPool buffers;
  PipePool pipes;
  std::unique_ptr<ExchangePool> exchanges;
  std::unique_ptr<H2UpstreamPool> h2_upstreams;
  SessionList sessions;  // goes before what its exchanges use
  ProcessLoad* load = nullptr;
  DocumentSource* documents = nullptr;
  BadMessages* bad_messages = nullptr;  // null: none are kept
  const rules::ProcessFacts* process = nullptr;
  const rules::ProxyLookup* lookup = nullptr;
  rules::VariableSet proc_vars;
  uint64_t random_state = 1;
  std::string scratch;   // of rules programs
  std::string log_line;  // the access log's working space
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_WORKER_CONTEXT_H_
