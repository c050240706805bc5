#include "controlplane/config/reference.h"

#include <fstream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::config {
namespace {

using testing::HasSubstr;

TEST(Reference, TheCheckedInPageIsCurrent) {
  std::ifstream in("docs/configuration.md", std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  EXPECT_TRUE(text.str() == RenderReference())
      << "docs/configuration.md is stale; write the output of lb_config_docs there";
}

TEST(Reference, ShowsEveryKindOfRow) {
  const std::string page = RenderReference();
  EXPECT_THAT(page, HasSubstr("| `timeout client <duration>` | defaults, frontend | none |"));
  EXPECT_THAT(page, HasSubstr("`option forwardfor [except <network>]"));
  EXPECT_THAT(page, HasSubstr("| `weight <0-256>` | 1 |"));
  EXPECT_THAT(page, HasSubstr("| `set-var(<scope>.<name>) <expression>` |"));
  EXPECT_THAT(page, HasSubstr("- `stick`: stick tables are not supported yet"));
  EXPECT_THAT(page, HasSubstr("- `server` … `agent-check`: agent checks are not supported yet"));
  EXPECT_THAT(page, HasSubstr("- `insecure-fork-wanted`: "));
}

}  // namespace
}  // namespace lb::config
