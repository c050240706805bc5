#include "controlplane/config/variables.h"

#include "gtest/gtest.h"

namespace lb::config {
namespace {

class VariablesTest : public testing::Test {
 protected:
  VariablesTest() {
    env_.getenv = [](std::string_view name) -> std::optional<std::string> {
      if (name == "OUTER" || name == "KEPT") return "outer";
      return std::nullopt;
    };
  }
  Environment env_;
};

TEST_F(VariablesTest, OverlayTheEnvironment) {
  Variables variables(env_);
  EXPECT_EQ(variables.Get("OUTER"), "outer");
  EXPECT_EQ(variables.Get("NONE"), std::nullopt);
  variables.Set("OUTER", "inner");
  EXPECT_EQ(variables.Get("OUTER"), "inner");
  variables.Unset("OUTER");
  EXPECT_EQ(variables.Get("OUTER"), std::nullopt);
}

TEST_F(VariablesTest, ResetForgetsAllButTheNamed) {
  Variables variables(env_);
  variables.Set("A", "1");
  variables.Set("B", "2");
  variables.Reset({"KEPT", "B"});
  EXPECT_EQ(variables.Get("OUTER"), std::nullopt);
  EXPECT_EQ(variables.Get("KEPT"), "outer");
  EXPECT_EQ(variables.Get("A"), std::nullopt);
  EXPECT_EQ(variables.Get("B"), "2");
  variables.Set("A", "3");
  EXPECT_EQ(variables.Get("A"), "3");
}

}  // namespace
}  // namespace lb::config
