#include "dataplane/server/documents.h"

#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "dataplane/server/compiler.h"
#include "tests/testing/snapshots.h"

namespace lb::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::StateOf;

class DocumentsTest : public ::testing::Test {
 protected:
  void Serve() {
    auto snapshot = testing::SharedSnapshotOf(R"(
      frontends { common { name: "www" mode: PROXY_MODE_HTTP proxy_number: 1 } default_backend: "app" }
      backends { common { name: "app" mode: PROXY_MODE_HTTP proxy_number: 2 }
        servers { name: "s1" number: 1 address: "10.0.0.1:80" weight: 1 is_checked: true }
        servers { name: "s2" number: 2 address: "10.0.0.2:80" weight: 1 is_checked: true } }
      backends { common { name: "other" mode: PROXY_MODE_HTTP proxy_number: 3 } })");
    CompileInput input;
    input.snapshot = snapshot.get();
    input.runtimes = &registry_;
    Compiled compiled = Compile(input);
    std::vector<v1::ServerState> states = {StateOf("app", "s1", v1::SERVER_UP),
                                           StateOf("app", "s2", v1::SERVER_DOWN)};
    states[0].set_status_text("UP");
    states[1].set_status_text("DOWN");
    registry_.Adopt(compiled.config, *snapshot, states);
    documents_.SetServing(snapshot, registry_.serving(), {}, states);
  }
  std::string Stats(const std::string& query) {
    return documents_.StatsDocument(none_, page_, query).body;
  }

  FakeClock clock_;
  proxy::ProcessLoad load_;
  proxy::Config none_;
  proxy::StatsPage page_{.uri = "/stats"};
  Registry registry_{1};
  Documents documents_{"1.2.3", &load_, clock_};
};

TEST_F(DocumentsTest, AreThereBeforeAnythingServes) {
  EXPECT_THAT(Stats(";csv"), HasSubstr("# pxname,svname"));
  EXPECT_EQ(documents_.PrometheusDocument(none_, "").status, 200);
}

TEST_F(DocumentsTest, HaveTheFormThatIsAskedFor) {
  Serve();
  registry_.FrontendOf("www")->counters[0].requests.Add(42);
  proxy::LocalDocument csv = documents_.StatsDocument(none_, page_, ";csv;norefresh");
  EXPECT_EQ(csv.content_type, "text/plain");
  EXPECT_THAT(csv.body, HasSubstr("\napp,s1,"));
  EXPECT_THAT(csv.body, HasSubstr(",42,"));
  proxy::LocalDocument json = documents_.StatsDocument(none_, page_, ";json");
  EXPECT_EQ(json.content_type, "application/json");
  EXPECT_EQ(json.body.front(), '[');
  proxy::LocalDocument html = documents_.StatsDocument(none_, page_, "");
  EXPECT_EQ(html.content_type, "text/html");
  EXPECT_THAT(html.body, HasSubstr("1.2.3"));
  proxy::LocalDocument metrics = documents_.PrometheusDocument(none_, "");
  EXPECT_THAT(metrics.content_type, HasSubstr("version=0.0.4"));
  EXPECT_THAT(metrics.body, HasSubstr("haproxy_frontend_http_requests_total{proxy=\"www\"} 42"));
}

TEST_F(DocumentsTest, FollowTheStates) {
  Serve();
  v1::ServerState state = StateOf("app", "s1", v1::SERVER_MAINT);
  state.set_status_text("MAINT");
  documents_.SetStates({state});
  EXPECT_THAT(Stats(";csv"), HasSubstr(",MAINT,"));
}

TEST_F(DocumentsTest, ShowWhatThePageAllows) {
  Serve();
  EXPECT_THAT(Stats(";csv;up"), Not(HasSubstr("app,s2,")));
  EXPECT_THAT(Stats(";csv;up"), HasSubstr("app,s1,"));
  page_.scopes = {"other"};
  EXPECT_THAT(Stats(";csv"), Not(HasSubstr("app,")));
  EXPECT_THAT(Stats(";csv"), HasSubstr("other,BACKEND,"));
  page_.hide_version = true;
  EXPECT_THAT(Stats(""), Not(HasSubstr("1.2.3")));
}

TEST_F(DocumentsTest, MayBeAskedForWhileStatesChange) {
  Serve();
  std::thread asking([this] {
    for (int i = 0; i < 50; ++i) Stats(";csv");
  });
  for (int i = 0; i < 50; ++i) {
    documents_.SetStates({StateOf("app", "s1", i % 2 == 0 ? v1::SERVER_UP : v1::SERVER_DOWN)});
    documents_.SetRates(std::make_shared<RateTable>());
  }
  asking.join();
}

}  // namespace
}  // namespace lb::server
