#include "dataplane/proxy/worker_context.h"

#include "dataplane/proxy/exchange.h"
#include "dataplane/proxy/h2_upstream.h"

namespace lb::proxy {

WorkerContext::WorkerContext(size_t worker_index, event::EventLoop* event_loop, size_t buffer_bytes)
    : index(worker_index),
      loop(event_loop),
      buffers(buffer_bytes),
      exchanges(std::make_unique<ExchangePool>()),
      h2_upstreams(std::make_unique<H2UpstreamPool>()) {}

WorkerContext::~WorkerContext() = default;

}  // namespace lb::proxy
