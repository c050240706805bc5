// ProxyFixture: a worker with one frontend and one backend, built without a snapshot, whose clients
// and servers are scripted sockets. The event loop is real; the clock moves only by Advance().
//
//   ProxyFixture proxy(ProxyFixture::kHttp);
//   TestServer* server = proxy.AddServer("a");
//   proxy.Start();
//   TestPeer* client = proxy.Connect();
//   client->Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
//   ASSERT_TRUE(proxy.Until([&] { return server->size() == 1; }));
//
// Change `frontend`, `backend` and `config` before Start(). Log lines: "<server> <status> <ts>
// <retries> <bytes sent> <bytes received>".
#ifndef LB_TESTS_TESTING_PROXY_FIXTURE_H_
#define LB_TESTS_TESTING_PROXY_FIXTURE_H_

#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "common/base/clock.h"
#include "common/event/event_loop.h"
#include "common/net/syslog.h"
#include "dataplane/proxy/accepted.h"
#include "dataplane/proxy/config.h"
#include "dataplane/proxy/worker_context.h"
#include "tests/testing/test_peer.h"

namespace lb::testing {

// A request and a response without anything special.
inline const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
inline const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class FakeDocuments final : public proxy::DocumentSource {
 public:
  proxy::LocalDocument StatsDocument(const proxy::Config&, const proxy::StatsPage&,
                                     std::string_view query) override {
    return {200, "text/html", absl::StrCat("stats", std::string(query))};
  }
  proxy::LocalDocument PrometheusDocument(const proxy::Config&, std::string_view query) override {
    return {200, "text/plain", absl::StrCat("metrics", std::string(query))};
  }
};

class ProxyFixture {
 public:
  enum Mode { kHttp, kTcp };

  explicit ProxyFixture(Mode mode, size_t buffer_bytes = 16384)
      : frontend(std::make_shared<proxy::FrontendConfig>()),
        backend(std::make_shared<proxy::BackendConfig>()),
        config(std::make_shared<proxy::Config>()),
        loop(clock),
        worker(/*worker_index=*/0, &loop, buffer_bytes) {
    OpenLog();
    for (proxy::ProxyConfig* section : {static_cast<proxy::ProxyConfig*>(frontend.get()),
                                        static_cast<proxy::ProxyConfig*>(backend.get())}) {
      section->is_http = mode == kHttp;
      section->log = log_sender_;
    }
    frontend->name = "f";
    frontend->id = FrontendIdOf("f");
    frontend->default_backend = "b";
    frontend->binds.emplace_back();
    frontend->log_format = LogFormat();
    frontend->has_log_format = true;
    frontend->runtime = std::make_shared<upstream::FrontendRuntime>(frontend->id, "f", 1);
    backend->name = "b";
    backend->id = BackendIdOf("b");
    backend->runtime = std::make_shared<upstream::BackendRuntime>(backend->id, "b", 1);
    config->maxconn = 1000;
    config->buffer_bytes = buffer_bytes;
    config->http_limits.max_head_bytes = buffer_bytes - 1024;
    worker.load = &load;
    worker.documents = &documents;
    worker.process = &process;
  }

  ~ProxyFixture() {
    worker.sessions.KillAll(proxy::KillReason::kAdmin);
    Settle();
    for (upstream::ServerEntry& entry : entries) entry.runtime->idle[0].Clear();
  }

  // Adds a server at the end of the file; more about it in `entries`.
  TestServer* AddServer(const std::string& name, uint32_t maxconn = 0) {
    servers_.push_back(std::make_unique<TestServer>());
    AddServerAt(name, servers_.back()->address, maxconn);
    return servers_.back().get();
  }
  // One that refuses every connection.
  void AddRefusingServer(const std::string& name) {
    refusing_.push_back(std::make_unique<RefusingAddress>());
    AddServerAt(name, refusing_.back()->address, /*maxconn=*/0);
  }
  void AddServerAt(const std::string& name, const Address& address, uint32_t maxconn) {
    auto server = std::make_shared<upstream::ServerConfig>();
    server->id = ServerIdOf("b", name);
    server->name = name;
    server->address = address;
    server->maxconn = maxconn;
    server->position = static_cast<uint32_t>(entries.size());
    backend->server_tls.emplace_back();
    upstream::ServerEntry entry;
    entry.config = server;
    entry.runtime = std::make_shared<upstream::ServerRuntime>(server->id, "b", name, 1);
    entry.address = address;
    entry.maxconn = maxconn;
    entries.push_back(std::move(entry));
    backend->servers.push_back(std::move(server));
  }

  void Start() {
    config->frontends.push_back(frontend);
    config->backends.push_back(backend);
    config->backend_by_name.emplace(backend->name, backend);
    worker.config = config;
    PublishView();
  }
  // After a change of `entries`.
  void PublishView() {
    view = upstream::BuildView(entries, backend->all_backups, backend->fullconn);
    backend->runtime->set_view(0, view);
  }

  // A new client connection, whose session has begun.
  TestPeer* Connect() {
    int ends[2];
    LB_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    proxy::Accepted accepted{&worker, frontend, /*bind=*/0, UniqueFd(ends[1]),
                             Address::FromIp("192.0.2.7", 4711).value()};
    if (frontend->is_http) {
      proxy::StartHttpSession(std::move(accepted));
    } else {
      proxy::StartTcpSession(std::move(accepted));
    }
    clients_.push_back(std::make_unique<TestPeer>(UniqueFd(ends[0])));
    return clients_.back().get();
  }

  // Turns the loop until `condition` holds; false when it did not within a time that is long even
  // on a busy machine.
  bool Until(const std::function<bool()>& condition) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (;;) {
      Turn();
      if (condition()) return true;
      if (std::chrono::steady_clock::now() > give_up) return false;
    }
  }
  // Turns the loop often enough for anything that was begun to have come through.
  void Settle() {
    for (int i = 0; i < 20; ++i) Turn();
  }
  void Turn() {
    loop.RunOnce(Millis(1));
    for (const auto& server : servers_) server->Poll();
    for (const auto& client : clients_) client->Poll();
    TakeLogLines();
  }
  void Advance(Millis by) {
    clock.Advance(by);
    Settle();
  }
  bool UntilLogged(size_t lines = 1) {
    return Until([&] { return log_lines.size() >= lines; });
  }

  upstream::UpstreamBlock& backend_counters() { return backend->runtime->counters[0]; }
  upstream::UpstreamBlock& server_counters(size_t i) { return entries[i].runtime->counters[0]; }
  upstream::FrontendBlock& frontend_counters() { return frontend->runtime->counters[0]; }

  FakeClock clock;
  std::shared_ptr<proxy::FrontendConfig> frontend;
  std::shared_ptr<proxy::BackendConfig> backend;
  std::shared_ptr<proxy::Config> config;
  std::vector<upstream::ServerEntry> entries;
  std::shared_ptr<const upstream::BackendView> view;
  event::EventLoop loop;
  proxy::ProcessLoad load;
  FakeDocuments documents;
  rules::ProcessFacts process;
  proxy::WorkerContext worker;
  std::vector<std::string> log_lines;

 private:
  static rules::LogFormat LogFormat() {
    using rules::TagId;
    std::vector<rules::LogFormat::Item> items;
    for (TagId tag : {TagId::kServer, TagId::kStatus, TagId::kTermination, TagId::kRetries,
                      TagId::kBytesRead, TagId::kBytesUploaded}) {
      rules::LogFormat::Item blank;
      blank.text = " ";
      if (!items.empty()) items.push_back(std::move(blank));
      rules::LogFormat::Item item;
      item.kind = rules::LogFormat::Item::Kind::kTag;
      item.tag = tag;
      items.push_back(std::move(item));
    }
    return rules::LogFormat(std::move(items), rules::TextUse::kLog);
  }

  void OpenLog() {
    int ends[2];
    LB_CHECK(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    log_in_ = UniqueFd(ends[0]);
    log_out_ = UniqueFd(ends[1]);
    net::SyslogTarget target;
    target.address = absl::StrCat("fd@", log_out_.get());
    target.format = net::SyslogFormat::kRaw;
    log_sender_ = net::SyslogSender::Create({target}, "lb", "").value();
  }
  void TakeLogLines() {
    char line[2048];
    for (;;) {
      const ssize_t n = ::recv(log_in_.get(), line, sizeof(line), 0);
      if (n <= 0) return;
      std::string text(line, static_cast<size_t>(n));
      while (!text.empty() && text.back() == '\n') text.pop_back();
      log_lines.push_back(std::move(text));
    }
  }

  UniqueFd log_in_;
  UniqueFd log_out_;
  std::shared_ptr<const net::SyslogSender> log_sender_;
  std::vector<std::unique_ptr<TestServer>> servers_;
  std::vector<std::unique_ptr<RefusingAddress>> refusing_;
  std::vector<std::unique_ptr<TestPeer>> clients_;
};

}  // namespace lb::testing

#endif  // LB_TESTS_TESTING_PROXY_FIXTURE_H_
