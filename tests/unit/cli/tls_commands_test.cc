// set ssl ...
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/unit/cli/lbctl_fixture.h"

namespace lb::cli {
namespace {

using ::testing::HasSubstr;

class TlsCommands : public LbctlTest {
 protected:
  // A file that holds `contents`.
  std::string FileOf(const std::string& contents) {
    std::ofstream(root_ + "/new.pem") << contents;
    return root_ + "/new.pem";
  }
};

TEST_F(TlsCommands, SendsTheContentsUnderTheName) {
  admin_.set_tls_file_reply.add_nodes()->set_stage("serving");
  EXPECT_EQ(Lbctl({"set", "ssl", "cert", "site.pem", FileOf("PEM")}), kExitOk) << Err();
  EXPECT_EQ(admin_.set_tls_file.kind(), "cert");
  EXPECT_EQ(admin_.set_tls_file.name(), "site.pem");
  EXPECT_EQ(admin_.set_tls_file.contents(), "PEM");
  EXPECT_EQ(admin_.set_tls_file.origin().program(), "lbctl");
  EXPECT_EQ(Lbctl({"set", "ssl", "ca-file", "ca.pem", FileOf("CA")}), kExitOk);
  EXPECT_EQ(admin_.set_tls_file.kind(), "ca-file");
}

TEST_F(TlsCommands, TellsOfWarningsAndOfNodesThatLag) {
  admin_.set_tls_file_reply.add_nodes()->set_stage("lagging");
  admin_.set_tls_file_reply.add_warnings("the certificate expires");
  EXPECT_EQ(Lbctl({"set", "ssl", "cert", "site.pem", FileOf("PEM")}), kExitLagging);
  EXPECT_THAT(Err(), HasSubstr("warning: the certificate expires"));
  EXPECT_THAT(Out(), HasSubstr("lagging"));
}

TEST_F(TlsCommands, SendsNoKeyOverAPlaintextChannelToAnotherMachine) {
  const std::string file = FileOf("PEM");
  EXPECT_EQ(Lbctl({"--address", "192.0.2.1:1", "set", "ssl", "cert", "site.pem", file}),
            kExitRefused);
  EXPECT_THAT(Err(), HasSubstr("plaintext channel"));
}

TEST_F(TlsCommands, AFileThatIsNotThereIsAMistakeOfTheLine) {
  EXPECT_EQ(Lbctl({"set", "ssl", "cert", "site.pem", root_ + "/nosuch"}), kExitUsage);
  EXPECT_EQ(admin_.set_tls_file.name(), "");
}

}  // namespace
}  // namespace lb::cli
