// lbctl against an admin service that records what it is asked.
#include "cli/run.h"

#include <grpcpp/grpcpp.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <nlohmann/json.hpp>

#include "lb/v1/admin.grpc.pb.h"

namespace lb::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class FakeAdmin : public v1::Admin::Service {
 public:
  grpc::Status SetServer(grpc::ServerContext*, const v1::SetServerRequest* request,
                         v1::SetServerReply* reply) override {
    set_server = *request;
    if (request->server() == "nope") {
      return grpc::Status(grpc::StatusCode::NOT_FOUND, "No such server.");
    }
    *reply = set_server_reply;
    return grpc::Status::OK;
  }
  grpc::Status Apply(grpc::ServerContext*, const v1::ApplyRequest* request,
                     v1::ApplyReply* reply) override {
    apply = *request;
    *reply = apply_reply;
    return grpc::Status::OK;
  }
  grpc::Status Rollback(grpc::ServerContext*, const v1::RollbackRequest* request,
                        v1::ApplyReply* reply) override {
    if (request->revision() != 3) {
      return grpc::Status(grpc::StatusCode::NOT_FOUND, "no revision");
    }
    *reply = apply_reply;
    return grpc::Status::OK;
  }
  grpc::Status ListRevisions(grpc::ServerContext*, const v1::ListRevisionsRequest*,
                             v1::ListRevisionsReply* reply) override {
    v1::Revision* revision = reply->add_revisions();
    revision->set_revision(7);
    revision->set_is_current(true);
    revision->set_message("more servers");
    return grpc::Status::OK;
  }
  grpc::Status GetConfig(grpc::ServerContext*, const v1::GetConfigRequest*,
                         v1::GetConfigReply* reply) override {
    reply->add_files()->set_text("global\n  maxconn 5\n");
    return grpc::Status::OK;
  }
  grpc::Status ListServers(grpc::ServerContext*, const v1::ListServersRequest*,
                           v1::ListServersReply* reply) override {
    v1::ServerEntry* entry = reply->add_servers();
    entry->set_backend("app");
    entry->set_server("s1");
    entry->set_address("10.0.0.1:80");
    entry->set_operator_override("maint by root@host");
    entry->mutable_state()->set_status_text("MAINT");
    entry->mutable_state()->set_check_status("L4CON");
    entry->mutable_state()->set_last_check("Connection refused");
    return grpc::Status::OK;
  }
  grpc::Status ListNodes(grpc::ServerContext*, const v1::ListNodesRequest*,
                         v1::ListNodesReply* reply) override {
    reply->set_revision(7);
    reply->add_nodes()->set_node("node1");
    return grpc::Status::OK;
  }
  grpc::Status ListSessions(grpc::ServerContext*, const v1::ListSessionsRequest*,
                            v1::ListSessionsReply* reply) override {
    reply->add_sessions()->set_client("10.0.0.9:5");
    return grpc::Status::OK;
  }
  grpc::Status GetStat(grpc::ServerContext*, const v1::GetStatRequest*,
                       v1::GetStatReply* reply) override {
    reply->set_csv(
        "# pxname,svname,status,act,\nweb,FRONTEND,OPEN,,\napp,s1,UP,1,\n"
        "app,BACKEND,UP,1,\n");
    return grpc::Status::OK;
  }
  grpc::Status GetInfo(grpc::ServerContext*, const v1::GetInfoRequest*,
                       v1::GetInfoReply* reply) override {
    reply->set_text("Name: lb\nPid: 5\nnode: \n");
    return grpc::Status::OK;
  }
  grpc::Status GetVersion(grpc::ServerContext*, const v1::GetVersionRequest*,
                          v1::GetVersionReply* reply) override {
    reply->set_program("lbd");
    return grpc::Status::OK;
  }
  grpc::Status ListEvents(grpc::ServerContext*, const v1::ListEventsRequest* request,
                          v1::ListEventsReply* reply) override {
    list_events = *request;
    *reply->add_events() = SomeEvent();
    return grpc::Status::OK;
  }
  grpc::Status WatchEvents(grpc::ServerContext*, const v1::WatchEventsRequest*,
                           grpc::ServerWriter<v1::Event>* writer) override {
    writer->Write(SomeEvent());
    writer->Write(SomeEvent());
    return grpc::Status::OK;
  }
  grpc::Status ShutdownServerSessions(grpc::ServerContext*,
                                      const v1::ShutdownServerSessionsRequest*,
                                      v1::ShutdownServerSessionsReply* reply) override {
    reply->set_closed(12);
    return grpc::Status::OK;
  }
  grpc::Status ClearCounters(grpc::ServerContext*, const v1::ClearCountersRequest* request,
                             v1::ClearCountersReply*) override {
    clear_counters = *request;
    return grpc::Status::OK;
  }
  grpc::Status RunCommand(grpc::ServerContext*, const v1::RunCommandRequest* request,
                          v1::RunCommandReply* reply) override {
    reply->set_output("ran " + request->line() + "\n\n");
    return grpc::Status::OK;
  }

  v1::SetServerRequest set_server;
  v1::SetServerReply set_server_reply;
  v1::ApplyRequest apply;
  v1::ApplyReply apply_reply;
  v1::ListEventsRequest list_events;
  v1::ClearCountersRequest clear_counters;

 private:
  static v1::Event SomeEvent() {
    v1::Event event;
    event.set_at_unix_ms(1'700'000'000'000);
    event.set_kind("server");
    event.set_subject("app/s1");
    event.set_text("is DOWN");
    event.set_origin("check");
    return event;
  }
};

class LbctlTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::unsetenv("LBCTL_ADDRESS");
    char name[] = "/tmp/lb_ctl_test.XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    root_ = name;
    std::filesystem::create_directory(root_ + "/site");
    address_ = "unix:" + root_ + "/site/admin.sock";
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address_, grpc::InsecureServerCredentials());
    builder.RegisterService(&admin_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
  }
  void TearDown() override {
    server_->Shutdown();
    std::filesystem::remove_all(root_);
  }

  // Runs one command line; the daemon is found below the root unless the line says otherwise.
  int Lbctl(const std::vector<std::string>& words) {
    out_.str("");
    err_.str("");
    return cli::Run(words, root_, &out_, &err_);
  }
  std::string Out() const { return out_.str(); }
  std::string Err() const { return err_.str(); }
  nlohmann::json Json() const { return nlohmann::json::parse(Out(), nullptr, false); }

  std::string WriteConfig(const std::string& text) {
    const std::string path = root_ + "/web.cfg";
    std::ofstream(path) << text;
    return path;
  }

  void SetNode(v1::ApplyReply* reply, const std::string& stage) {
    v1::NodeResult* node = reply->add_nodes();
    node->set_node("node2");
    node->set_stage(stage);
    node->set_resource("frontend web, bind :80");
    node->set_reason("Address already in use");
  }

  std::string root_, address_;
  FakeAdmin admin_;
  std::unique_ptr<grpc::Server> server_;
  std::ostringstream out_, err_;
};

TEST_F(LbctlTest, EveryNounHasATableAndJson) {
  for (const std::string noun : {"config", "info", "stat", "servers", "backends", "sessions",
                                 "nodes", "events", "version"}) {
    SCOPED_TRACE(noun);
    EXPECT_EQ(Lbctl({"show", noun}), kExitOk) << Err();
    EXPECT_NE(Out(), "");
    EXPECT_TRUE(nlohmann::json::parse(Out(), nullptr, false).is_discarded());
    EXPECT_EQ(Lbctl({"show", noun, "--json"}), kExitOk) << Err();
    EXPECT_TRUE(Json().is_object());
  }
  Lbctl({"show", "stat", "--json"});
  EXPECT_EQ(Json()["stat"][1]["svname"], "s1");
  Lbctl({"show", "backends", "--json"});
  EXPECT_EQ(Json()["backends"].size(), 1u);
  Lbctl({"show", "info", "--json"});
  EXPECT_EQ(Json()["Pid"], "5");
  Lbctl({"show", "servers", "--csv"});
  EXPECT_THAT(Out(), HasSubstr("\napp,s1,10.0.0.1:80,MAINT,"));
}

TEST_F(LbctlTest, SetServerSendsWhatWasAsked) {
  EXPECT_EQ(Lbctl({"set", "server", "app/s1", "state", "drain"}), kExitOk) << Err();
  EXPECT_EQ(admin_.set_server.backend(), "app");
  EXPECT_EQ(admin_.set_server.server(), "s1");
  EXPECT_EQ(admin_.set_server.state(), "drain");
  EXPECT_EQ(admin_.set_server.origin().program(), "lbctl");
  EXPECT_NE(admin_.set_server.origin().user(), "");
  Lbctl({"set", "server", "app/s1", "weight", "50%"});
  EXPECT_EQ(admin_.set_server.weight(), "50%");
  Lbctl({"set", "server", "app/s1", "addr", "10.0.0.7"});
  EXPECT_EQ(admin_.set_server.address().address(), "10.0.0.7");
  EXPECT_EQ(admin_.set_server.address().port(), 0u);
  Lbctl({"set", "server", "app/s1", "addr", "10.0.0.7", "port", "81"});
  EXPECT_EQ(admin_.set_server.address().port(), 81u);
  Lbctl({"enable", "server", "app/s1"});
  EXPECT_EQ(admin_.set_server.state(), "ready");
  Lbctl({"disable", "server", "app/s1"});
  EXPECT_EQ(admin_.set_server.state(), "maint");
}

TEST_F(LbctlTest, ExitCodes) {
  struct Case {
    std::vector<std::string> words;
    int exit_code;
  };
  const std::vector<Case> cases = {
      {{"--help"}, kExitOk},
      {{"--version"}, kExitOk},
      {{"show", "nodes"}, kExitOk},
      {{"set", "server", "app/nope", "state", "maint"}, kExitRefused},
      {{"rollback", "4711"}, kExitRefused},
      {{"apply", "-f", "/nonexistent/lb.cfg"}, kExitRefused},
      {{}, kExitUsage},
      {{"show"}, kExitUsage},
      {{"no-such-command"}, kExitUsage},
      {{"--no-such-option", "show", "nodes"}, kExitUsage},
      {{"set", "server"}, kExitUsage},
      {{"set", "server", "app", "state", "maint"}, kExitUsage},
      {{"set", "server", "app/s1", "colour", "red"}, kExitUsage},
      {{"set", "server", "app/s1", "addr", "10.0.0.7", "port", "70000"}, kExitUsage},
      {{"rollback", "x"}, kExitUsage},
      {{"--address", "nonsense", "show", "nodes"}, kExitUsage},
      {{"--json", "--csv", "show", "nodes"}, kExitUsage},
      {{"--address", "unix:/nonexistent/admin.sock", "show", "nodes"}, kExitUnreachable},
  };
  for (const Case& c : cases) {
    std::string line;
    for (const std::string& word : c.words) line += word + " ";
    EXPECT_EQ(Lbctl(c.words), c.exit_code) << line << Err();
    EXPECT_EQ(c.exit_code == kExitOk, Err().empty()) << line << Err();
  }
}

TEST_F(LbctlTest, TheAddressMayComeFromTheEnvironment) {
  ::setenv("LBCTL_ADDRESS", "unix:/nonexistent/admin.sock", 1);
  EXPECT_EQ(Lbctl({"show", "nodes"}), kExitUnreachable);
  EXPECT_EQ(Lbctl({"show", "nodes", "--address", address_}), kExitOk) << Err();
  ::unsetenv("LBCTL_ADDRESS");
}

TEST_F(LbctlTest, ApplySendsTheFilesAndShowsWhatChanged) {
  admin_.apply_reply.set_applied(true);
  admin_.apply_reply.set_revision(8);
  admin_.apply_reply.add_changes("+ server app/s2");
  SetNode(&admin_.apply_reply, "serving");
  const std::string path = WriteConfig("global\n");
  EXPECT_EQ(Lbctl({"apply", "-f", path, "-m", "one more"}), kExitOk) << Err();
  ASSERT_EQ(admin_.apply.files_size(), 1);
  EXPECT_EQ(admin_.apply.files(0).path(), path);
  EXPECT_EQ(admin_.apply.files(0).text(), "global\n");
  EXPECT_EQ(admin_.apply.message(), "one more");
  EXPECT_THAT(Out(), AllOf(HasSubstr("revision 8 serves"), HasSubstr("+ server app/s2"),
                           HasSubstr("node2")));
  EXPECT_EQ(Lbctl({"apply", path}), kExitOk) << Err();
  EXPECT_EQ(Lbctl({"rollback", "3"}), kExitOk) << Err();
}

TEST_F(LbctlTest, ARefusedApplySaysWhoRefusedWhat) {
  admin_.apply_reply.set_reason("refused by a data plane");
  admin_.apply_reply.set_diagnostics("web.cfg:1:1: warning: odd\n");
  SetNode(&admin_.apply_reply, "refused");
  EXPECT_EQ(Lbctl({"apply", WriteConfig("global\n")}), kExitRefused);
  EXPECT_THAT(Err(), AllOf(HasSubstr("web.cfg:1:1: warning: odd"), HasSubstr("node2 refused"),
                           HasSubstr("Address already in use"), HasSubstr("nothing was changed")));
}

TEST_F(LbctlTest, ALaggingDataPlaneIsNamedAndGivesItsOwnExitCode) {
  admin_.apply_reply.set_applied(true);
  SetNode(&admin_.apply_reply, "lagging");
  EXPECT_EQ(Lbctl({"apply", WriteConfig("global\n")}), kExitLagging);
  EXPECT_THAT(Out(), HasSubstr("node2"));
  *admin_.set_server_reply.add_nodes() = admin_.apply_reply.nodes(0);
  EXPECT_EQ(Lbctl({"set", "server", "app/s1", "state", "maint"}), kExitLagging);
  EXPECT_THAT(Err(), HasSubstr("node2"));
  admin_.set_server_reply.mutable_nodes(0)->set_stage("applied");
  EXPECT_EQ(Lbctl({"set", "server", "app/s1", "state", "maint"}), kExitOk);
}

TEST_F(LbctlTest, CheckNeedsNoControlPlane) {
  server_->Shutdown();
  const std::string good = WriteConfig(
      "defaults\n  mode http\n  timeout connect 1s\n"
      "backend app\n  server s1 127.0.0.1:80\n");
  EXPECT_EQ(Lbctl({"check", good}), kExitOk) << Err();
  EXPECT_EQ(Out(), "Configuration file is valid\n");
  const std::string bad = WriteConfig("backend app\n  blanace roundrobin\n");
  EXPECT_EQ(Lbctl({"check", "-f", bad}), kExitRefused);
  EXPECT_THAT(Err(), HasSubstr("web.cfg:2:3:"));
  EXPECT_THAT(Out(), Not(HasSubstr("valid")));
  EXPECT_EQ(Lbctl({"check", bad, "--json"}), kExitRefused);
  EXPECT_EQ(Json()["valid"], false);
}

TEST_F(LbctlTest, WhyTellsStateCheckOverrideAndHistory) {
  EXPECT_EQ(Lbctl({"why", "app/s1"}), kExitOk) << Err();
  EXPECT_EQ(admin_.list_events.server(), "app/s1");
  EXPECT_THAT(Out(), AllOf(HasSubstr("app/s1 is MAINT"), HasSubstr("maint by root@host"),
                           HasSubstr("L4CON"), HasSubstr("Connection refused"),
                           HasSubstr("is DOWN  (check)")));
  EXPECT_EQ(Lbctl({"why", "app/other"}), kExitRefused);
  EXPECT_THAT(Err(), HasSubstr("No such server."));
}

TEST_F(LbctlTest, WatchPrintsALineAnEventUntilTheEnd) {
  EXPECT_EQ(Lbctl({"watch", "-n", "2"}), kExitOk) << Err();
  EXPECT_THAT(Out(), HasSubstr("server  app/s1  is DOWN  (check)\n"));
  EXPECT_EQ(Lbctl({"watch"}), kExitUnreachable);
  EXPECT_EQ(Lbctl({"watch", "-n", "1", "--json"}), kExitOk);
  EXPECT_EQ(Json()["subject"], "app/s1");
}

TEST_F(LbctlTest, ClearsCountersAndSessionsAndRunsLines) {
  EXPECT_EQ(Lbctl({"clear", "counters"}), kExitOk) << Err();
  EXPECT_TRUE(admin_.clear_counters.all());
  EXPECT_EQ(Lbctl({"clear", "counters", "--max"}), kExitOk) << Err();
  EXPECT_FALSE(admin_.clear_counters.all());
  EXPECT_EQ(Lbctl({"shutdown", "sessions", "server", "app/s1"}), kExitOk) << Err();
  EXPECT_THAT(Out(), HasSubstr("12"));
  EXPECT_EQ(Lbctl({"run", "show", "stat"}), kExitOk) << Err();
  EXPECT_EQ(Out(), "ran show stat\n\n");
}

}  // namespace
}  // namespace lb::cli
