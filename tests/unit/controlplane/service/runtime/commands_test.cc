// Replies are those that HAProxy 2.6 gives to the same commands.
#include "controlplane/service/runtime/commands.h"

#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/unit/controlplane/service/runtime/fake_backend.h"

namespace lb::service {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kListEnd[] =
    "  help [<command>]                        : list matching or all commands\n"
    "  prompt                                  : toggle interactive mode with prompt\n"
    "  quit                                    : disconnect\n";

class CommandsTest : public ::testing::Test {
 protected:
  // The body of the reply; "(no reply)" while there is none.
  std::string Ask(const std::string& command, AccessLevel level = AccessLevel::kAdmin) {
    context_.level = level;
    std::optional<std::string> body;
    commands_.Run(command, &context_, [&body](std::string text, ReplyKind) { body = text; });
    return body.value_or("(no reply)");
  }

  FakeClock clock_;
  FakeBackend backend_;
  RuntimeCommands commands_{&backend_, &clock_, "1.2.3"};
  CommandContext context_;
};

TEST_F(CommandsTest, SayWhatHaproxySaysAboutBadArguments) {
  struct Case {
    std::string command, body;
  };
  const std::string usage =
      "usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | "
      "check-addr | check-port | fqdn | health | ssl | state | weight\n";
  const std::string state = "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n";
  const std::string health = "'set server <srv> health' expects 'up', 'stopping', or 'down'.\n";
  const std::string garbage = "Trailing garbage in weight string";
  const std::string range = "Absolute weight can only be between 0 and 256 inclusive.\n";
  const std::vector<Case> cases = {
      {"set server", "Require 'backend/server'.\n"},
      {"set server app", "Require 'backend/server'.\n"},
      {"set server app/", "Require 'backend/server'.\n"},
      {"set server nope/s1 state maint", "No such backend.\n"},
      {"set server app/nope state maint", "No such server.\n"},
      {"set server app/s1", usage},
      {"set server app/s1 colour red", usage},
      {"set server app/s1 state", state},
      {"set server app/s1 state asleep", state},
      {"set server app/s1 state MAINT", state},
      {"set server app/s1 health", health},
      {"set server app/s1 weight", "Require <weight> or <weight%>.\n"},
      {"set server app/s1 weight x", "Empty weight string empty or preceded by garbage"},
      {"set server app/s1 weight 1x", garbage},
      {"set server app/s1 weight 5%%", garbage},
      {"set server app/s1 weight 257", range},
      {"set server app/s1 weight -1", range},
      {"set server app/s1 weight 99999999999999999999", range},
      {"set server app/s1 weight -1%", "Relative weight must be positive.\n"},
      {"set server app/s1 addr",
       "set server <b>/<s> addr requires an address and optionally a port.\n"},
      {"set server app/s1 addr localhost", "Invalid addr 'localhost' by 'stats socket command'\n"},
      {"set server app/s1 addr 127.0.0.1 port x",
       "no need to change the addr, problem converting port 'x' to an int by 'stats socket "
       "command'\n"},
      {"set server app/s1 addr 127.0.0.1 port",
       "no need to change the addr, problem converting port '' to an int by 'stats socket "
       "command'\n"},
      {"set server app/s1 agent down", "agent checks are not enabled on this server.\n"},
      {"set server app/s1 fqdn x",
       "set server <b>/<s> fqdn failed because no resolution is configured.\n"},
      {"get weight", "Require 'backend/server'.\n"},
      {"get weight nope/s1", "No such backend.\n"},
      {"get weight app/nope", "No such server.\n"},
      {"set weight app/s1", "Require <weight> or <weight%>.\n"},
      {"set weight nope/s1 1", "No such backend.\n"},
      {"set maxconn server app/s1", "Require <maxconn>.\n"},
      {"set maxconn server app/nope 1", "No such server.\n"},
      {"enable server app/nope", "No such server.\n"},
      {"disable server", "Require 'backend/server'.\n"},
      {"shutdown sessions server app/nope", "No such server.\n"},
      {"show servers state nope", "Can't find backend.\n"},
      {"show servers conn nope", "Can't find backend.\n"},
      {"show stat nope 4 -1", "No such proxy.\n"},
      {"show sess 0x1", "Session not found.\n"},
      {"set timeout", "'set timeout' only supports 'cli'.\n"},
      {"set timeout cli", "Expects an integer value.\n"},
      {"set timeout cli x", "Invalid timeout value.\n"},
  };
  for (const Case& c : cases) EXPECT_EQ(Ask(c.command), c.body) << c.command;
  EXPECT_THAT(backend_.log, IsEmpty()) << "nothing may have changed";
}

TEST_F(CommandsTest, ChangesAreHandedOnAndAnsweredWithAnEmptyBody) {
  struct Case {
    std::string command, change;
  };
  const std::vector<Case> cases = {
      {"set server app/s1 state drain", "set app/s1 state drain"},
      {"disable server app/s1", "set app/s1 state maint"},
      {"enable server app/s1", "set app/s1 state ready"},
      {"  enable   server\tapp/s1 more words", "set app/s1 state ready"},
      {"set server app/s1 weight 256", "set app/s1 weight 256"},
      {"set server app/s1 weight 200%", "set app/s1 weight 200%"},
      {"set weight app/s1 0", "set app/s1 weight 0"},
      {"set server app/s1 health stopping", "set app/s1 health stopping"},
      {"set maxconn server app/s1 7", "set app/s1 maxconn 7"},
      {"shutdown sessions server app/s1", "shutdown app/s1"},
      {"clear counters", "clear maxima"},
      {"clear counters all", "clear all"},
  };
  for (const Case& c : cases) {
    backend_.log.clear();
    EXPECT_EQ(Ask(c.command), "") << c.command;
    EXPECT_THAT(backend_.log, ElementsAre(c.change)) << c.command;
  }
}

TEST_F(CommandsTest, AnAddressIsChangedOnlyWhenItDiffers) {
  struct Case {
    std::string command, body, change;
  };
  const std::vector<Case> cases = {
      {"addr 127.0.0.2", "IP changed from '127.0.0.1' to '127.0.0.2' by 'stats socket command'\n",
       "set app/s1 address 127.0.0.2"},
      {"addr 127.0.0.1", "no need to change the addr by 'stats socket command'\n", ""},
      {"addr 127.0.0.1 port 16101",
       "no need to change the addr, no need to change the port by 'stats socket command'\n", ""},
      {"addr 127.0.0.1 port 81",
       "no need to change the addr, port changed from '16101' to '81' by 'stats socket command'\n",
       "set app/s1 address 127.0.0.1:81"},
      {"addr ::1 port 81",
       "IP changed from '127.0.0.1' to '::1', port changed from '16101' to '81' by 'stats socket "
       "command'\n",
       "set app/s1 address ::1:81"},
  };
  for (const Case& c : cases) {
    backend_.log.clear();
    EXPECT_EQ(Ask("set server app/s1 " + c.command), c.body);
    EXPECT_EQ(backend_.log.empty() ? "" : backend_.log[0], c.change) << c.command;
  }
  backend_.State("app", "s1").set_address("127.0.0.9:90");
  EXPECT_EQ(Ask("set server app/s1 addr 127.0.0.1"),
            "IP changed from '127.0.0.9' to '127.0.0.1' by 'stats socket command'\n");
}

TEST_F(CommandsTest, FilesOfTlsAreListedAndShownByKind) {
  backend_.AddTlsFile("site.pem", v1::TlsFile::CERTIFICATE);
  backend_.AddTlsFile("ca.pem", v1::TlsFile::AUTHORITIES);
  EXPECT_EQ(Ask("show ssl cert"), "# filename\nsite.pem\n");
  EXPECT_EQ(Ask("show ssl cert site.pem"),
            "Filename: site.pem\nStatus: Used\nSubject: of site.pem\n");
  EXPECT_EQ(Ask("show ssl cert ca.pem"),
            "Can't display the certificate: Not found or the certificate is a bundle!\n");
  EXPECT_EQ(Ask("show ssl ca-file"), "# filename\nca.pem - 1 certificate(s)\n");
  EXPECT_EQ(Ask("show ssl ca-file ca.pem"),
            "Filename: ca.pem\nStatus: Used\n \nCertificate #1:\nSubject: of ca.pem\n");
  EXPECT_EQ(Ask("show ssl ca-file nosuch"), "Can't display the CA file : Not found!\n");
  EXPECT_EQ(Ask("show ssl cert", AccessLevel::kUser), "Permission denied\n");
}

TEST_F(CommandsTest, ARefusalIsToldInTheBackendsWords) {
  backend_.result = absl::FailedPreconditionError("the disk is full");
  EXPECT_EQ(Ask("set server app/s1 state maint"), "the disk is full\n");
  EXPECT_EQ(Ask("clear counters all"), "the disk is full\n");
}

TEST_F(CommandsTest, TheReplyWaitsForTheBackend) {
  backend_.holds_answers = true;
  std::optional<std::string> body;
  context_.level = AccessLevel::kAdmin;
  context_.origin.user = "root";
  commands_.Run("set server app/s1 state maint", &context_,
                [&body](std::string text, ReplyKind) { body = text; });
  EXPECT_FALSE(body.has_value());
  EXPECT_EQ(backend_.last_origin.user, "root");
  backend_.AnswerAll();
  EXPECT_EQ(body, "");
}

TEST_F(CommandsTest, GetWeightShowsTheConfiguredOneToo) {
  backend_.State("app", "s1").set_weight(5);
  EXPECT_EQ(Ask("get weight app/s1"), "5 (initial 10)\n");
}

TEST_F(CommandsTest, LevelsPermitAsHaproxysDo) {
  struct Case {
    std::string command;
    AccessLevel least;
  };
  const std::vector<Case> cases = {
      {"show stat", AccessLevel::kUser},
      {"show info", AccessLevel::kUser},
      {"show servers state", AccessLevel::kUser},
      {"show servers conn", AccessLevel::kUser},
      {"show backend", AccessLevel::kUser},
      {"get weight app/s1", AccessLevel::kUser},
      {"show cli level", AccessLevel::kUser},
      {"user", AccessLevel::kUser},
      {"show sess", AccessLevel::kOperator},
      {"clear counters", AccessLevel::kOperator},
      {"operator", AccessLevel::kOperator},
      {"clear counters all", AccessLevel::kAdmin},
      {"set server", AccessLevel::kAdmin},
      {"set server app/s1 state maint", AccessLevel::kAdmin},
      {"set weight app/s1 1", AccessLevel::kAdmin},
      {"set maxconn server app/s1 1", AccessLevel::kAdmin},
      {"enable server app/s1", AccessLevel::kAdmin},
      {"disable server app/s1", AccessLevel::kAdmin},
      {"shutdown sessions server app/s1", AccessLevel::kAdmin},
  };
  for (const Case& c : cases) {
    for (AccessLevel level : {AccessLevel::kUser, AccessLevel::kOperator, AccessLevel::kAdmin}) {
      const bool is_denied = Ask(c.command, level) == "Permission denied\n";
      EXPECT_EQ(is_denied, level < c.least) << c.command << " as " << AccessLevelName(level);
    }
  }
}

TEST_F(CommandsTest, CommitTellsWhatBecameOfIt) {
  struct Case {
    absl::Status result;
    const char* notes;
    const char* reply;
    bool stays_open;
  };
  for (const Case& c : {
           Case{absl::OkStatus(), "", "Committing site.pem.\nSuccess!\n", false},
           Case{absl::OkStatus(), "Warning: w\n", "Committing site.pem.\nWarning: w\nSuccess!\n",
                false},
           Case{absl::InvalidArgumentError("no key"), "", "no key\nCan't commit site.pem!\n", true},
           Case{absl::FailedPreconditionError("node 'a' refused"), "",
                "Committing site.pem.\nnode 'a' refused\nFailed!\n", false},
       }) {
    backend_.pending.clear();
    backend_.pending[v1::TlsFile::CERTIFICATE].set_name("site.pem");
    backend_.tls_result = c.result;
    backend_.tls_notes = c.notes;
    EXPECT_EQ(Ask("commit ssl cert site.pem"), c.reply);
    EXPECT_EQ(!backend_.pending.empty(), c.stays_open) << c.reply;
  }
  EXPECT_EQ(Ask("commit ssl cert site.pem", AccessLevel::kOperator), "Permission denied\n");
}

TEST_F(CommandsTest, WhatIsShownSaysThatItWasReplaced) {
  backend_.AddTlsFile("site.pem", v1::TlsFile::CERTIFICATE);
  backend_.pending[v1::TlsFile::CERTIFICATE].set_name("site.pem");
  backend_.replaced = "site.pem";
  EXPECT_EQ(Ask("show ssl cert site.pem"),
            "Filename: site.pem\nStatus: Used\nReplaced: root, now; until a configuration is "
            "applied\nSubject: of site.pem\n");
  EXPECT_EQ(Ask("show ssl cert *site.pem"),
            "Filename: *site.pem\nStatus: Unused\nSubject: of site.pem\n");
  EXPECT_EQ(Ask("show ssl cert"), "# transaction\n*site.pem\n# filename\nsite.pem\n");
}

TEST_F(CommandsTest, AnUnknownCommandGetsHelp) {
  EXPECT_THAT(Ask(""), StartsWith("Unknown command. Please enter one of the following commands "
                                  "only:\n  abort ssl ca-file"));
  for (const char* command : {"foo", "show foo", "set", "enable", "SHOW stat", "'show' stat"}) {
    const std::string body = Ask(command);
    EXPECT_THAT(body, StartsWith("Unknown command, but maybe one of the following ones is a better "
                                 "match:\n"));
    EXPECT_THAT(body, EndsWith(kListEnd));
  }
  EXPECT_THAT(Ask("show foo"), HasSubstr("\n  show backend "));
  EXPECT_THAT(Ask("show foo"), Not(HasSubstr("\n  set ")));
  EXPECT_THAT(Ask("foo"), HasSubstr("\n  set server "));
}

TEST_F(CommandsTest, HelpListsWhatMatchesAndIsPermitted) {
  const std::string all = Ask("help");
  EXPECT_THAT(all, StartsWith("The following commands are valid at this level:\n"));
  EXPECT_THAT(all, EndsWith(kListEnd));
  EXPECT_THAT(all, HasSubstr("\n  show stat "));
  EXPECT_THAT(Ask("help set server"), Not(HasSubstr("show stat")));
  EXPECT_THAT(Ask("help", AccessLevel::kUser), Not(HasSubstr("set server")));
}

TEST_F(CommandsTest, ShowsTheVersionTheLevelAndTheProcess) {
  EXPECT_EQ(Ask("show version"), "1.2.3\n");
  EXPECT_EQ(Ask("show cli level"), "admin\n");
  EXPECT_EQ(Ask("show backend"), "# name\napp\nempty\n");
  EXPECT_THAT(Ask("show info"), StartsWith("Name: lb\nVersion: 1.2.3\n"));
  EXPECT_THAT(Ask("show info"), HasSubstr("\nListeners: 1\n"));
  EXPECT_THAT(Ask("show info typed"), StartsWith("0.Name.1:POS:str:lb\n"));
  EXPECT_THAT(Ask("show info json"), StartsWith("[{\"field\":"));
}

TEST_F(CommandsTest, TheTimeoutOfAConnectionCanBeSet) {
  EXPECT_EQ(Ask("set timeout cli 5"), "");
  EXPECT_EQ(context_.timeout, Millis(5000));
}

}  // namespace
}  // namespace lb::service
