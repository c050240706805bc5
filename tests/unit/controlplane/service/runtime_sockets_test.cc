#include "controlplane/service/runtime_sockets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "controlplane/service/runtime_adapter.h"
#include "tests/unit/controlplane/service/controller_fixture.h"

namespace lb::service {
namespace {

class RuntimeSocketsTest : public ControllerFixture {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Start(kWeb).ok());
    adapter_ = std::make_unique<RuntimeAdapter>(controller_.get());
    sockets_ = std::make_unique<RuntimeSockets>(loop_.get(), adapter_.get(), "1.0");
  }
  void TearDown() override { sockets_.reset(); }
  config::ControlSettings With(const std::vector<std::string>& names) {
    config::ControlSettings control;
    for (const std::string& name : names) {
      control.stats_sockets.push_back({.address = "unix:" + directory_ + "/" + name});
    }
    return control;
  }
  bool IsOpen(const std::string& name) {
    return std::filesystem::is_socket(directory_ + "/" + name);
  }

  std::unique_ptr<RuntimeAdapter> adapter_;
  std::unique_ptr<RuntimeSockets> sockets_;
};

TEST_F(RuntimeSocketsTest, OpensWhatTheConfigurationNames) {
  ASSERT_TRUE(sockets_->Prepare(With({"one", "two"})).ok());
  sockets_->Commit();
  EXPECT_TRUE(IsOpen("one"));
  EXPECT_TRUE(IsOpen("two"));
}

TEST_F(RuntimeSocketsTest, AnAbortBringsTheOldOnesBack) {
  ASSERT_TRUE(sockets_->Prepare(With({"one"})).ok());
  sockets_->Commit();
  ASSERT_TRUE(sockets_->Prepare(With({"two"})).ok());
  sockets_->Abort();
  EXPECT_TRUE(IsOpen("one"));
  EXPECT_FALSE(IsOpen("two"));
}

TEST_F(RuntimeSocketsTest, ASocketThatCannotBeOpenedIsAnError) {
  EXPECT_FALSE(sockets_->Prepare(With({"no/such/directory/one"})).ok());
}

TEST_F(RuntimeSocketsTest, RunsALineWithEveryRight) {
  std::optional<std::string> output;
  sockets_->RunCommand("set server web/s1 state maint; show version", {},
                       [&](std::string text) { output = std::move(text); });
  ASSERT_TRUE(TurnUntil([&] { return output.has_value(); }));
  EXPECT_THAT(*output, ::testing::HasSubstr("1.0"));
  EXPECT_EQ(StateOf(s1_).status(), v1::SERVER_MAINT);
}

}  // namespace
}  // namespace lb::service
