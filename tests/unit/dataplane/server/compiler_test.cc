#include "dataplane/server/compiler.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "dataplane/server/registry.h"
#include "tests/testing/snapshots.h"

namespace lb::server {
namespace {

using ::testing::HasSubstr;
using testing::SnapshotOf;

class CompilerTest : public ::testing::Test {
 protected:
  Compiled CompileText(const std::string& text) {
    snapshot_ = SnapshotOf(text);
    CompileInput input;
    input.snapshot = &snapshot_;
    input.limits = limits_;
    input.runtimes = &registry_;
    return Compile(input);
  }
  std::shared_ptr<const proxy::Config> Good(const std::string& text) {
    Compiled compiled = CompileText(text);
    EXPECT_EQ(compiled.problem.ToString(), "");
    return compiled.config;
  }
  // Compiles `text` as what follows `config` of `before`.
  std::shared_ptr<const proxy::Config> Next(const v1::Snapshot& before,
                                            std::shared_ptr<const proxy::Config> config,
                                            const std::string& text) {
    const v1::Snapshot snapshot = SnapshotOf(text);
    CompileInput input;
    input.snapshot = &snapshot;
    input.limits = limits_;
    input.runtimes = &registry_;
    input.previous = &before;
    input.previous_config = std::move(config);
    return Compile(input).config;
  }

  ProcessLimits limits_{/*workers=*/2, /*buffer_bytes=*/16384, /*max_descriptors=*/4064};
  Registry registry_{2};
  v1::Snapshot snapshot_;
};

TEST_F(CompilerTest, TakesWhatTheSectionsSay) {
  auto config = Good(R"(
    revision: 7
    global { node: "n1" maxconn: 500 max_headers: 51 }
    frontends {
      common { name: "www" mode: PROXY_MODE_HTTP proxy_number: 2 dont_log_null: true
               connection_mode: HTTP_CLOSE forward_for { if_none: true }
               error_files { key: 503 value: "HTTP/1.0 503 x\r\n\r\n" } }
      binds { address: "127.0.0.1:8080" label: "lo:8080" name: "main" maxconn: 9 backlog: 77 }
      binds { address: "unix:/run/x.sock" mode: 432 }
      binds { address: "fd:5" }
      maxconn: 100 default_backend: "app"
    }
    backends {
      common { name: "app" mode: PROXY_MODE_TCP proxy_number: 3 }
      balance { algorithm: LEAST_CONN }
      retries: 4 http_reuse: HTTP_REUSE_ALWAYS all_backups: true
      servers { name: "s1" number: 1 address: "10.0.0.1:80" weight: 10 maxconn: 20 minconn: 2
                on_marked_down: ON_MARKED_DOWN_SHUTDOWN_SESSIONS pool_purge_delay_ms: 700 }
      servers { name: "s2" number: 2 address: "10.0.0.2:80" weight: 1 backup: true
                port_from_client: true port_offset: -5 pool_disabled: true }
    })");
  EXPECT_EQ(config->revision, 7u);
  EXPECT_EQ(config->hash, snapshot_.hash());
  EXPECT_EQ(config->maxconn, 500u);
  EXPECT_EQ(config->http_limits.max_head_bytes, 16384u - 1024u);
  EXPECT_EQ(config->http_limits.max_headers, 50u);
  EXPECT_EQ(config->node, "n1");

  const proxy::FrontendConfig& www = *config->frontends.at(0);
  EXPECT_TRUE(www.is_http);
  EXPECT_EQ(www.id, FrontendIdOf("www"));
  EXPECT_EQ(www.connection_mode, proxy::ConnectionMode::kClose);
  EXPECT_EQ(www.forward_for->header, "X-Forwarded-For");
  EXPECT_TRUE(www.forward_for->if_none);
  EXPECT_EQ(www.error_files.at(503), "HTTP/1.0 503 x\r\n\r\n");
  ASSERT_EQ(www.binds.size(), 3u);
  EXPECT_EQ(www.binds[0].address.ToString(), "127.0.0.1:8080");
  EXPECT_EQ(www.binds[0].name, "main");
  EXPECT_EQ(www.binds[0].options.backlog, 77);
  EXPECT_EQ(www.binds[1].options.mode, 432u);
  EXPECT_EQ(www.binds[1].name, "2");
  EXPECT_EQ(www.binds[1].options.backlog, 100);
  EXPECT_EQ(www.binds[2].inherited_fd, 5);
  ASSERT_NE(www.log, nullptr);
  EXPECT_FALSE(www.log->has_targets());

  const proxy::BackendConfig& app = *config->backend_by_name.at("app");
  EXPECT_EQ(app.balance.algorithm, upstream::Algorithm::kLeastConn);
  EXPECT_EQ(app.retries, 4u);
  EXPECT_EQ(app.http_reuse, proxy::HttpReuse::kAlways);
  EXPECT_TRUE(app.all_backups);
  ASSERT_EQ(app.servers.size(), 2u);
  EXPECT_EQ(app.servers[0]->id, ServerIdOf("app", "s1"));
  EXPECT_EQ(app.servers[0]->minconn, 2u);
  EXPECT_EQ(app.servers[0]->on_marked_down, upstream::OnMarkedDown::kShutdownSessions);
  EXPECT_EQ(app.servers[0]->pool_purge_delay, Millis(700));
  EXPECT_TRUE(app.servers[1]->is_backup);
  EXPECT_FALSE(app.servers[1]->keeps_idle);
  EXPECT_EQ(app.servers[1]->port_offset, -5);
}

TEST_F(CompilerTest, TimeoutsThatAreNotSetFallBack) {
  struct Case {
    const char* text;
    int request, keep_alive, queue;
  };
  for (const Case& c : {
           Case{"client_timeout_ms: 30 ", 30, 30, 0},
           {"client_timeout_ms: 30 http_request_timeout_ms: 20", 20, 20, 0},
           {"client_timeout_ms: 30 http_keep_alive_timeout_ms: 10", 30, 10, 0},
           {"http_request_timeout_ms: 20 http_keep_alive_timeout_ms: 10", 20, 10, 0},
           {"", 0, 0, 0},
       }) {
    auto config = Good(std::string("frontends { common { name: 'f' } ") + c.text + "}");
    EXPECT_EQ(config->frontends[0]->http_request_timeout, Millis(c.request)) << c.text;
    EXPECT_EQ(config->frontends[0]->http_keep_alive_timeout, Millis(c.keep_alive)) << c.text;
  }
  auto config = Good(R"(backends { common { name: "a" } connect_timeout_ms: 5 }
                        backends { common { name: "b" } connect_timeout_ms: 5 queue_timeout_ms: 9 })");
  EXPECT_EQ(config->backends[0]->queue_timeout, Millis(5));
  EXPECT_EQ(config->backends[1]->queue_timeout, Millis(9));
}

TEST_F(CompilerTest, LimitsThatAreNotSetAreDerived) {
  auto config = Good(R"(
    frontends { common { name: "f" } default_backend: "b" maxconn: 95 }
    frontends { common { name: "g" } use_backend { backend: "b" } use_backend { backend: "b" }
                maxconn: 100 }
    backends { common { name: "b" } }
    backends { common { name: "set" } fullconn: 33 }
    backends { common { name: "unreached" } })");
  EXPECT_EQ(config->maxconn, 2000u);  // of 4064 descriptors 64 are kept, and a session needs two
  EXPECT_EQ(config->backends[0]->fullconn, 20u);
  EXPECT_EQ(config->backends[1]->fullconn, 33u);
  EXPECT_EQ(config->backends[2]->fullconn, 1u);
  EXPECT_GE(MaxConnectionsOf(10), 1u);
}

TEST_F(CompilerTest, LeavesOutWhatIsDisabled) {
  auto config = Good(R"(frontends { common { name: "off" disabled: true } }
                        frontends { common { name: "on" } }
                        backends { common { name: "off" disabled: true } })");
  ASSERT_EQ(config->frontends.size(), 1u);
  EXPECT_EQ(config->frontends[0]->name, "on");
  EXPECT_TRUE(config->backends.empty());
}

TEST_F(CompilerTest, ProblemsNameTheResource) {
  struct Case {
    const char* text;
    const char* resource;
    const char* reason;
  };
  for (const Case& c : {
           Case{"frontends { common { name: 'f' } binds { address: 'nowhere' label: '*:x' } }",
                "frontend f", "bind *:x"},
           {"frontends { common { name: 'f' } binds { address: 'fd:x' } }", "frontend f", "fd:x"},
           {"backends { common { name: 'b' } servers { name: 's' address: '1.2.3' } }", "backend b",
            "server s"},
           {"backends { common { name: 'b' } balance { algorithm: URI } }", "backend b", "URI"},
           {"backends { common { name: 'b' log_targets { address: 'stdout' facility: 'x' } } }",
            "backend b", "log stdout"},
           {"frontends { common { name: 'f' } } frontends { common { name: 'f' } }", "frontend f",
            "identity"},
       }) {
    Compiled compiled = CompileText(c.text);
    EXPECT_EQ(compiled.config, nullptr) << c.text;
    EXPECT_EQ(compiled.problem.resource, c.resource) << c.text;
    EXPECT_THAT(compiled.problem.reason, HasSubstr(c.reason)) << c.text;
  }
}

TEST_F(CompilerTest, SharesTheSectionsThatDidNotChange) {
  const std::string same = R"(
    frontends { common { name: "f" error_files { key: 500 value: "a" }
                         error_files { key: 503 value: "b" } } default_backend: "b" maxconn: 10 }
    backends { common { name: "b" } servers { name: "s" address: "10.0.0.1:80" } })";
  auto before = Good(same + "backends { common { name: 'c' } retries: 1 }");
  const v1::Snapshot snapshot = snapshot_;
  auto after = Next(snapshot, before, same + "backends { common { name: 'c' } retries: 2 }");
  EXPECT_EQ(after->frontends[0], before->frontends[0]);
  EXPECT_EQ(after->backends[0], before->backends[0]);
  EXPECT_NE(after->backends[1], before->backends[1]);
  EXPECT_EQ(after->backends[1]->retries, 2u);
  EXPECT_EQ(after->backends[1]->runtime, before->backends[1]->runtime);
  EXPECT_EQ(after->backend_by_name.at("c"), after->backends[1]);
}

TEST_F(CompilerTest, SharesNothingWhenWhatAllTookOverChanges) {
  const std::string text = "backends { common { name: 'b' } }";
  auto before = Good(text);
  const v1::Snapshot snapshot = snapshot_;
  auto after = Next(snapshot, before, text + "global { log_tag: 'new' }");
  EXPECT_NE(after->backends[0], before->backends[0]);
}

TEST_F(CompilerTest, DerivedFullconnFollowsTheFrontends) {
  const std::string backend = "backends { common { name: 'b' } }";
  auto before =
      Good("frontends { common { name: 'f' } default_backend: 'b' maxconn: 10 }" + backend);
  const v1::Snapshot snapshot = snapshot_;
  auto after =
      Next(snapshot, before,
           "frontends { common { name: 'f' } default_backend: 'b' maxconn: 90 }" + backend);
  EXPECT_EQ(before->backends[0]->fullconn, 1u);
  EXPECT_EQ(after->backends[0]->fullconn, 9u);
}

TEST_F(CompilerTest, SectionsWithTheSameTargetsShareOneSender) {
  auto config = Good(R"(
    backends { common { name: "a" log_targets { address: "127.0.0.1:514" facility: "local1" } } }
    backends { common { name: "b" log_targets { address: "127.0.0.1:514" facility: "local1" } } }
    backends { common { name: "c" log_targets { address: "127.0.0.1:514" facility: "local2" } } })");
  EXPECT_EQ(config->backends[0]->log, config->backends[1]->log);
  EXPECT_NE(config->backends[0]->log, config->backends[2]->log);
}

TEST_F(CompilerTest, ABindsKeyIsWhatItIsBoundWith) {
  auto config = Good(R"(frontends { common { name: "f" }
    binds { address: "127.0.0.1:80" name: "a" maxconn: 1 backlog: 10 }
    binds { address: "127.0.0.1:80" name: "b" maxconn: 2 backlog: 20 }
    binds { address: "127.0.0.1:80" interface: "lo" }
    binds { address: "127.0.0.1:81" } })");
  const auto& binds = config->frontends[0]->binds;
  EXPECT_EQ(binds[0].key, binds[1].key);
  EXPECT_NE(binds[0].key, binds[2].key);
  EXPECT_NE(binds[0].key, binds[3].key);
}

}  // namespace
}  // namespace lb::server
