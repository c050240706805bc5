#include "dataplane/server/counters.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::server {
namespace {

// One frontend, one backend, one server, two workers.
class CountersTest : public ::testing::Test {
 protected:
  CountersTest() {
    auto config = std::make_shared<proxy::Config>();
    config->maxconn = 1000;
    auto frontend = std::make_shared<proxy::FrontendConfig>();
    frontend->name = "f";
    frontend->id = FrontendIdOf("f");
    frontend->log = *net::SyslogSender::Create({}, "lb", "");
    frontend->runtime = frontend_;
    auto backend = std::make_shared<proxy::BackendConfig>();
    backend->name = "b";
    backend->id = BackendIdOf("b");
    backend->log = frontend->log;
    backend->runtime = backend_;
    auto server = std::make_shared<upstream::ServerConfig>();
    server->id = server_->id;
    config->frontends = {frontend};
    config->backends = {backend};
    serving_.config = config;
    serving_.frontends[frontend->id] = frontend_;
    serving_.backends[backend->id] = backend_;
    serving_.servers.push_back({server, server_, backend_});
    serving_.server_index[server->id] = 0;
  }
  v1::Counters Collect() {
    return CollectCounters(serving_, *rates_, load_, constants_, WallTime());
  }
  void Sample(int at_ms, int64_t waited_nanos = 0) {
    rates_ =
        sampler_.Sample(serving_, load_, SteadyTime(Millis(1'000'000 + at_ms)), 2, waited_nanos);
  }

  std::shared_ptr<upstream::FrontendRuntime> frontend_ =
      std::make_shared<upstream::FrontendRuntime>(FrontendIdOf("f"), "f", 2);
  std::shared_ptr<upstream::BackendRuntime> backend_ =
      std::make_shared<upstream::BackendRuntime>(BackendIdOf("b"), "b", 2);
  std::shared_ptr<upstream::ServerRuntime> server_ =
      std::make_shared<upstream::ServerRuntime>(ServerIdOf("b", "s"), "b", "s", 2);
  ServingSet serving_;
  proxy::ProcessLoad load_;
  ProcessConstants constants_{/*pid=*/7, /*started_unix_ms=*/1, /*workers=*/2,
                              /*max_descriptors=*/64};
  RateSampler sampler_;
  std::shared_ptr<const RateTable> rates_ = std::make_shared<RateTable>();
};

TEST_F(CountersTest, AreTheSumsOfAllWorkers) {
  frontend_->counters[0].bytes_out.Add(10);
  frontend_->counters[1].bytes_out.Add(5);
  frontend_->counters[0].responses.Add(200);
  frontend_->counters[1].responses.Add(204);
  frontend_->counters[1].responses.Add(503);
  frontend_->counters[1].responses.Add(700);
  frontend_->sessions = 3;
  server_->counters[0].connect_time.Add(10);
  server_->counters[1].connect_time.Add(30);
  server_->counters[0].last_session_unix_ms.Set(5);
  server_->counters[1].last_session_unix_ms.Set(9);
  server_->idle_connections = 4;
  const v1::Counters counters = Collect();
  const v1::FrontendCounters& frontend = counters.frontends(0);
  EXPECT_EQ(frontend.bytes_out(), 15u);
  EXPECT_THAT(frontend.responses(), ::testing::ElementsAre(0, 2, 0, 0, 1, 1));
  EXPECT_EQ(frontend.current_sessions(), 3u);
  EXPECT_EQ(frontend.session_limit(), 1000u);
  const v1::BackendCounters& server = counters.servers(0);
  EXPECT_EQ(server.id(), ServerIdOf("b", "s"));
  EXPECT_EQ(server.connect_time_ms(), 20u);
  EXPECT_EQ(server.max_connect_time_ms(), 30u);
  EXPECT_EQ(server.last_session_unix_ms(), 9);
  EXPECT_EQ(server.idle_connections(), 4u);
  EXPECT_EQ(counters.process().bytes_out(), 15u);
  EXPECT_EQ(counters.process().pid(), 7u);
  EXPECT_GT(counters.process().memory_bytes(), 0u);
}

TEST_F(CountersTest, RatesAreOfTheLastSpanAndKeepTheirMaximum) {
  frontend_->counters[0].sessions.Add(100);  // before the first sample: no rate is known
  Sample(0);
  EXPECT_EQ(Collect().frontends(0).session_rate(), 0u);
  frontend_->counters[1].sessions.Add(50);
  server_->counters[0].sessions.Add(20);
  load_.total_connections = 30;
  Sample(1000);
  EXPECT_EQ(Collect().frontends(0).session_rate(), 50u);
  EXPECT_EQ(Collect().servers(0).session_rate(), 20u);
  EXPECT_EQ(Collect().process().connection_rate(), 30u);
  frontend_->counters[1].sessions.Add(10);
  Sample(3000);
  EXPECT_EQ(Collect().frontends(0).session_rate(), 5u);
  EXPECT_EQ(Collect().frontends(0).session_rate_max(), 50u);
  sampler_.ClearMaxima();
  rates_ = sampler_.table();
  EXPECT_EQ(Collect().frontends(0).session_rate_max(), 5u);
}

TEST_F(CountersTest, ARateOutlivesClearedTotals) {
  Sample(0);
  frontend_->counters[0].sessions.Add(1000);
  Sample(1000);
  ClearBlocks(serving_, 0, /*all=*/true);
  frontend_->counters[0].sessions.Add(3);
  Sample(2000);
  EXPECT_EQ(Collect().frontends(0).session_rate(), 3u);
}

TEST_F(CountersTest, IdleIsTheShareOfTimeThatWorkersWaited) {
  Sample(0, /*waited_nanos=*/0);
  Sample(1000, /*waited_nanos=*/500'000'000);  // of two workers' seconds
  EXPECT_EQ(Collect().process().idle_percent(), 25u);
}

TEST_F(CountersTest, ClearingMaximaKeepsTotals) {
  server_->counters[0].chosen.Add(5);
  server_->counters[0].total_time.Add(80);
  server_->max_sessions = 9;
  server_->sessions = 2;
  *backend_->queue.max_size() = 4;
  ClearMaxima(serving_, &load_);
  for (size_t worker : {0u, 1u}) ClearBlocks(serving_, worker, /*all=*/false);
  const v1::Counters counters = Collect();
  EXPECT_EQ(counters.servers(0).chosen(), 5u);
  EXPECT_EQ(counters.servers(0).max_sessions(), 2u);
  EXPECT_EQ(counters.servers(0).max_total_time_ms(), 0u);
  EXPECT_EQ(counters.backends(0).max_queue(), 0u);
}

TEST_F(CountersTest, ClearingAllClearsTotalsAndNotWhatIs) {
  server_->counters[1].chosen.Add(5);
  server_->counters[1].responses.Add(200);
  server_->sessions = 2;
  for (size_t worker : {0u, 1u}) ClearBlocks(serving_, worker, /*all=*/true);
  const v1::Counters counters = Collect();
  EXPECT_EQ(counters.servers(0).chosen(), 0u);
  EXPECT_THAT(counters.servers(0).responses(), ::testing::Each(0));
  EXPECT_EQ(counters.servers(0).current_sessions(), 2u);
}

TEST_F(CountersTest, ObservationsAreTakenOnce) {
  server_->connect_failures = 3;
  server_->bad_responses = 1;
  v1::Report report;
  TakeObservations(serving_, &report);
  ASSERT_EQ(report.observations_size(), 1);
  EXPECT_EQ(report.observations(0).id(), ServerIdOf("b", "s"));
  EXPECT_EQ(report.observations(0).connect_failures(), 3u);
  EXPECT_EQ(report.observations(0).bad_responses(), 1u);
  v1::Report next;
  TakeObservations(serving_, &next);
  EXPECT_EQ(next.observations_size(), 0);
}

}  // namespace
}  // namespace lb::server
