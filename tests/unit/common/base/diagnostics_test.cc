#include "common/base/diagnostics.h"

#include <gtest/gtest.h>

namespace lb {
namespace {

TEST(Diagnostics, RendersPlaceCaretAndFix) {
  Diagnostics diagnostics;
  diagnostics.Error({"web.cfg", 12, 5, 6, "    blance roundrobin"}, "unknown keyword 'blance'",
                    "did you mean 'balance'?");
  EXPECT_EQ(diagnostics.Render(),
            "web.cfg:12:5: error: unknown keyword 'blance'\n"
            "        blance roundrobin\n"
            "        ^~~~~~\n"
            "  did you mean 'balance'?\n");
}

TEST(Diagnostics, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(RenderDiagnostic({Severity::kWarning, {"web.cfg"}, "empty", ""}),
            "web.cfg: warning: empty\n");
  EXPECT_EQ(RenderDiagnostic({Severity::kNotice, {}, "hello", ""}), "notice: hello\n");
  EXPECT_EQ(RenderDiagnostic({Severity::kError, {"a", 3, 0, 0, ""}, "bad", ""}),
            "a:3:1: error: bad\n");
}

TEST(Diagnostics, PutsTheCaretUnderTabs) {
  EXPECT_EQ(RenderDiagnostic({Severity::kError, {"a", 1, 3, 1, "\t x"}, "bad", ""}),
            "a:1:3: error: bad\n    \t x\n    \t ^\n");
}

TEST(Diagnostics, CountsErrorsOnlyAndKeepsOrder) {
  Diagnostics diagnostics;
  diagnostics.Warning({}, "1");
  EXPECT_FALSE(diagnostics.has_errors());
  diagnostics.Error({}, "2");
  diagnostics.Notice({}, "3");
  EXPECT_EQ(diagnostics.errors(), 1u);
  ASSERT_EQ(diagnostics.entries().size(), 3u);
  EXPECT_EQ(diagnostics.entries()[2].message, "3");
}

}  // namespace
}  // namespace lb
