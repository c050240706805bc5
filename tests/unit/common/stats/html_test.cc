#include "common/stats/html.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/unit/common/stats/stats_fixture.h"

namespace lb::stats {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Page(const Fixture& f, const PageOptions& options = {}) {
  return RenderHtml(f.Process(), f.Rows(), options);
}

TEST(Html, ShowsEveryProxyAndServerWithItsState) {
  Fixture f;
  f.AddServer("web1", v1::SERVER_UP, "UP");
  f.AddServer("web2", v1::SERVER_DOWN, "DOWN");
  f.AddServer("web3", v1::SERVER_MAINT, "MAINT");
  const std::string page = Page(f);
  for (std::string text :
       {"front", "pool", "web1", "web2", "web3", "L7OK/200 in 4 ms", "class=\"mark up\">UP<",
        "class=\"mark down\">DOWN<", "class=\"mark maint\">MAINT<"}) {
    EXPECT_THAT(page, HasSubstr(text));
  }
}

TEST(Html, EscapesWhatItShows) {
  Fixture f;
  f.AddServer("<b>&\"", v1::SERVER_DOWN, "DOWN");
  f.State("<b>&\"").set_last_check("<script>alert(1)</script>");
  const std::string page = Page(f, {.description = "<i>"});
  EXPECT_THAT(page, Not(HasSubstr("<script>")));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_THAT(page, Not(HasSubstr("<i>")));
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;&amp;&quot;"));
}

TEST(Html, FollowsItsOptions) {
  Fixture f;
  f.AddServer("web1", v1::SERVER_UP, "UP")->set_cookie("c1");
  const std::string plain = Page(f);
  EXPECT_THAT(plain, Not(HasSubstr("http-equiv")));
  EXPECT_THAT(plain, Not(HasSubstr("1.2.3")));
  EXPECT_THAT(plain, Not(HasSubstr("cookie")));
  const std::string full = Page(f, {.uri = "/stats",
                                    .version = "1.2.3",
                                    .node = "edge1",
                                    .description = "the front door",
                                    .refresh_seconds = 10,
                                    .show_legends = true});
  for (std::string text : {"<meta http-equiv=\"refresh\" content=\"10\">", "lb 1.2.3", "on edge1",
                           "the front door", "cookie 'c1'", "href=\"/stats;csv\""}) {
    EXPECT_THAT(full, HasSubstr(text));
  }
}

}  // namespace
}  // namespace lb::stats
