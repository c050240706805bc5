// lbctl against an admin service that records what it is asked, on a socket of the test's own.
#ifndef LB_TESTS_UNIT_CLI_LBCTL_FIXTURE_H_
#define LB_TESTS_UNIT_CLI_LBCTL_FIXTURE_H_

#include <grpcpp/grpcpp.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/run.h"
#include "gtest/gtest.h"
#include <nlohmann/json.hpp>

#include "lb/v1/admin.grpc.pb.h"

namespace lb::cli {

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
  grpc::Status SetTlsFile(grpc::ServerContext*, const v1::SetTlsFileRequest* request,
                          v1::SetTlsFileReply* reply) override {
    set_tls_file = *request;
    *reply = set_tls_file_reply;
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
  grpc::Status ListRevisions(grpc::ServerContext*, const v1::ListRevisionsRequest* request,
                             v1::ListRevisionsReply* reply) override {
    list_revisions = *request;
    v1::Revision* revision = reply->add_revisions();
    revision->set_revision(7);
    revision->set_is_current(true);
    revision->set_message("more servers");
    return grpc::Status::OK;
  }
  grpc::Status GetConfig(grpc::ServerContext*, const v1::GetConfigRequest* request,
                         v1::GetConfigReply* reply) override {
    if (request->revision() == 99) {
      return grpc::Status(grpc::StatusCode::NOT_FOUND, "no revision 99");
    }
    reply->set_revision(request->revision());
    reply->add_files()->set_text("global\n  maxconn 5\n");
    return grpc::Status::OK;
  }
  grpc::Status ListServers(grpc::ServerContext*, const v1::ListServersRequest* request,
                           v1::ListServersReply* reply) override {
    list_servers = *request;
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
    reply->mutable_nodes(0)->set_revision(6);
    return grpc::Status::OK;
  }
  grpc::Status ListSessions(grpc::ServerContext*, const v1::ListSessionsRequest*,
                            v1::ListSessionsReply* reply) override {
    reply->add_sessions()->set_client("10.0.0.9:5");
    return grpc::Status::OK;
  }
  grpc::Status GetStat(grpc::ServerContext*, const v1::GetStatRequest* request,
                       v1::GetStatReply* reply) override {
    get_stat = *request;
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
  grpc::Status GetHistory(grpc::ServerContext*, const v1::GetHistoryRequest* request,
                          v1::GetHistoryReply* reply) override {
    get_history = *request;
    if (request->proxy() == "nope") {
      return grpc::Status(grpc::StatusCode::NOT_FOUND, "No such backend.");
    }
    v1::Minute* minute = reply->add_minutes();
    minute->set_at_unix_ms(1'700'000'040'000);
    minute->set_requests(321);
    minute->set_failed_checks(2);
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
    if (request->line() == "show ssl cert nosuch") {
      reply->set_output(
          "Can't display the certificate: Not found or the certificate is a bundle!\n");
    } else if (request->line() == "show ssl cert site.pem") {
      reply->set_output(
          "Filename: /certs/site.pem\nStatus: Used\nSerial: 01\nSubject Alternative Name: "
          "DNS:a.test, DNS:b.test\nSHA1 FingerPrint: 0A\nSubject: /CN=a.test\n\nChain certificate "
          "#1:\nSerial: 02\nSubject: /CN=ca: it\n\n");
    } else {
      reply->set_output("ran " + request->line() + "\n\n");
    }
    return grpc::Status::OK;
  }

  v1::SetServerRequest set_server;
  v1::SetServerReply set_server_reply;
  v1::SetTlsFileRequest set_tls_file;
  v1::SetTlsFileReply set_tls_file_reply;
  v1::ApplyRequest apply;
  v1::ApplyReply apply_reply;
  v1::ListEventsRequest list_events;
  v1::GetHistoryRequest get_history;
  v1::GetStatRequest get_stat;
  v1::ListRevisionsRequest list_revisions;
  v1::ListServersRequest list_servers;
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

}  // namespace lb::cli

#endif  // LB_TESTS_UNIT_CLI_LBCTL_FIXTURE_H_
