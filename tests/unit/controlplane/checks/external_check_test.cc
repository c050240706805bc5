#include <gmock/gmock.h>

#include <set>

#include "check_fixture.h"
#include "script_files.h"

namespace lb::checks {
namespace {

using ::testing::UnorderedElementsAreArray;

class ExternalCheck : public CheckTest {
 protected:
  ExternalCheck() {
    check().set_kind(v1::HealthCheck::EXTERNAL);
    check().set_external_path("/usr/bin:/bin");
    SetAddress("127.0.0.2:99");
  }
  ~ExternalCheck() override {
    RunUntil(&loop_, [&] { return graveyard_.is_empty(); });
    EXPECT_FALSE(HasChildren());
  }

  void SetScript(const std::string& body) { check().set_external_command(files_.Add("x", body)); }
  // The lines a script wrote to "$0.<kind>".
  std::vector<std::string> Lines(const std::string& kind) {
    std::istringstream text(files_.Read("x." + kind));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }

  ScriptFiles files_;
};

TEST_F(ExternalCheck, ItsExitStatusIsTheVerdict) {
  const struct {
    const char* body;
    const char* result;
  } rows[] = {
      {"exit 0", "PROCOK 0"},
      {"exit 1", "PROCERR 1"},
      {"exit 255", "PROCERR 255"},
      {"kill -9 $$", "PROCERR 137 killed by signal 9"},
  };
  for (const auto& row : rows) {
    SetScript(row.body);
    EXPECT_EQ(RunToText(), row.result);
  }
}

TEST_F(ExternalCheck, GetsFourArguments) {
  SetScript("printf '%s\\n' \"$@\" > $0.args");
  const struct {
    const char* proxy;
    uint32_t port;
    const char* server;
    std::vector<std::string> arguments;
  } rows[] = {
      {"127.0.0.1", 80, "127.0.0.2:99", {"127.0.0.1", "80", "127.0.0.2", "99"}},
      {"", 0, "[::1]:99", {"NOT_USED", "NOT_USED", "::1", "99"}},
      {"NOT_USED", 0, "127.0.0.2:99", {"NOT_USED", "NOT_USED", "127.0.0.2", "99"}},
      {"/run/l.sock",
       0,
       "unix:/run/s.sock",
       {"/run/l.sock", "NOT_USED", "/run/s.sock", "NOT_USED"}},
  };
  for (const auto& row : rows) {
    check().set_proxy_address(row.proxy);
    check().set_proxy_port(row.port);
    SetAddress(row.server);
    EXPECT_EQ(RunToText(), "PROCOK 0");
    EXPECT_EQ(Lines("args"), row.arguments);
  }
}

TEST_F(ExternalCheck, GetsItsOwnEnvironmentAndNothingElse) {
  SetScript("env > $0.env");
  setenv("CHECK_TEST_SECRET", "1", 1);
  check().set_proxy_address("127.0.0.1");
  check().set_proxy_port(80);
  target_.maxconn = 7;
  context_.current_connections = 5;
  EXPECT_EQ(RunToText(), "PROCOK 0");
  unsetenv("CHECK_TEST_SECRET");
  std::vector<std::string> lines = Lines("env");
  // The shell's own.
  std::erase_if(lines, [](const std::string& l) {
    return l.rfind("PWD=", 0) == 0 || l.rfind("_=", 0) == 0 || l.rfind("SHLVL=", 0) == 0 ||
           l.rfind("OLDPWD", 0) == 0;
  });
  EXPECT_THAT(
      lines, UnorderedElementsAreArray(
                 {"PATH=/usr/bin:/bin", "HAPROXY_PROXY_NAME=b", "HAPROXY_PROXY_ID=7",
                  "HAPROXY_PROXY_ADDR=127.0.0.1", "HAPROXY_PROXY_PORT=80", "HAPROXY_SERVER_NAME=s1",
                  "HAPROXY_SERVER_ID=3", "HAPROXY_SERVER_ADDR=127.0.0.2", "HAPROXY_SERVER_PORT=99",
                  "HAPROXY_SERVER_MAXCONN=7", "HAPROXY_SERVER_CURCONN=5", "HAPROXY_SERVER_SSL=0",
                  "HAPROXY_SERVER_PROTO=tcp"}));
}

TEST_F(ExternalCheck, AsksAboutTheServerNotAboutTheCheckedAddress) {
  SetScript("echo $HAPROXY_SERVER_ADDR $HAPROXY_SERVER_PORT > $0.env");
  check().set_address("127.0.0.3:77");
  EXPECT_EQ(RunToText(), "PROCOK 0");
  EXPECT_EQ(Lines("env"), std::vector<std::string>{"127.0.0.2 99"});
}

TEST_F(ExternalCheck, HasNoDescriptorsButTheStandardOnes) {
  SetScript("ls -l /proc/$$/fd > $0.fds");
  UniqueFd inheritable(dup(0));
  EXPECT_EQ(RunToText(), "PROCOK 0");
  std::set<std::string> seen;
  for (const std::string& line : Lines("fds")) {
    const size_t arrow = line.find(" -> ");
    if (arrow != std::string::npos) seen.insert(line.substr(arrow + 4));
  }
  seen.erase(files_.Path("x"));      // what the shell reads
  seen.erase(files_.Path("x.fds"));  // what it writes
  EXPECT_EQ(seen, std::set<std::string>{"/dev/null"});
}

TEST_F(ExternalCheck, AProgramThatCannotRunIsAnError) {
  check().set_external_command("/nonexistent/program");
  EXPECT_EQ(RunToText(), "PROCERR 255 /nonexistent/program: No such file or directory");
  check().set_external_command("/etc/passwd");
  EXPECT_EQ(RunToText(), "PROCERR 255 /etc/passwd: Permission denied");
}

TEST_F(ExternalCheck, ATimeoutKillsTheWholeGroup) {
  SetScript(
      "trap '' TERM\n"
      "(trap '' TERM; sleep 1000; sleep 1000) &\n"
      "echo $! > $0.pid\n"
      "wait");
  auto has_started = [&] { return files_.Read("x.pid").find('\n') != std::string::npos; };
  EXPECT_EQ(RunToText(has_started), "PROCTOUT 0");
  std::string grandchild = Lines("pid").at(0);
  RunUntil(&loop_, [&] { return IsGone(grandchild); });
}

TEST_F(ExternalCheck, WhatItLeavesBehindIsKilledWhenItEnds) {
  SetScript(
      "(trap '' TERM; sleep 1000) &\n"
      "echo $! > $0.pid\n"
      "exit 0");
  EXPECT_EQ(RunToText(), "PROCOK 0");
  std::string grandchild = Lines("pid").at(0);
  RunUntil(&loop_, [&] { return IsGone(grandchild); });
}

TEST_F(ExternalCheck, CancellingKillsTheWholeGroup) {
  SetScript("sleep 1000 & echo $! > $0.pid; wait");
  {
    event::Root root;
    CheckResult result;
    Start(&root, &result);
    RunUntil(&loop_, [&] { return files_.Read("x.pid").find('\n') != std::string::npos; });
  }
  std::string grandchild = Lines("pid").at(0);
  RunUntil(&loop_, [&] { return IsGone(grandchild) && graveyard_.is_empty(); });
}

}  // namespace
}  // namespace lb::checks
