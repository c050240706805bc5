#include "controlplane/server/control_plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/testing/temp_dir.h"

namespace lb::control {
namespace {

using ::testing::HasSubstr;

constexpr char kDefaults[] =
    "defaults\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n";

class ControlPlaneTest : public ::testing::Test {
 protected:
  ControlPlaneTest() {
    options_.files = {directory_ + "/lb.cfg"};
    options_.state_dir = directory_ + "/state";
    options_.is_quiet = true;
    Write("listen web\n  bind :80\n  server s1 127.0.0.1:80\n");
  }

  void Write(const std::string& text) { std::ofstream(options_.files[0]) << kDefaults << text; }
  std::unique_ptr<ControlPlane> Make() {
    ProgramFacts program;
    program.name = "lbx";
    program.version = "1";
    return std::make_unique<ControlPlane>(program, options_);
  }
  static void End(ControlPlane* control) {
    control->ShutDown([control] { control->loop()->Stop(); });
    control->loop()->Run();
  }
  template <typename Condition>
  static bool TurnUntil(ControlPlane* control, Condition condition) {
    for (int i = 0; i < 1000 && !condition(); ++i) control->loop()->RunOnce(Millis(10));
    return condition();
  }

  testing::TempDir temp_;
  const std::string& directory_ = temp_.path();
  ControlOptions options_;
};

TEST_F(ControlPlaneTest, StartsAndEnds) {
  auto control = Make();
  ASSERT_TRUE(control->Start().ok());
  EXPECT_TRUE(std::filesystem::is_socket(directory_ + "/state/admin.sock"));
  EXPECT_EQ(control->controller().revisions().serving()->revision, 1u);
  End(control.get());
}

TEST_F(ControlPlaneTest, AStateDirectoryHasOneOwner) {
  auto control = Make();
  ASSERT_TRUE(control->Start().ok());
  const absl::Status second = Make()->Start();
  EXPECT_THAT(std::string(second.message()),
              HasSubstr("is in use by process " + std::to_string(getpid())));
  End(control.get());
  control.reset();
  auto third = Make();
  EXPECT_TRUE(third->Start().ok());
  End(third.get());
}

TEST_F(ControlPlaneTest, ErrorsInTheFileFailTheStart) {
  Write("listen web\n  bind :80\n  nonsense\n");
  EXPECT_EQ(Make()->Start().message(), "fatal errors found in configuration");
}

TEST_F(ControlPlaneTest, AReloadAppliesTheFileOfNowAndKeepsTheOldOneOnErrors) {
  auto control = Make();
  ASSERT_TRUE(control->Start().ok());
  service::Revisions& revisions = control->controller().revisions();
  Write("listen web\n  bind :80\n  server s2 127.0.0.1:80\n");
  control->Reload();
  EXPECT_TRUE(TurnUntil(control.get(), [&] { return revisions.serving()->revision == 2; }));
  Write("listen web\n  bind :80\n  nonsense\n");
  ::testing::internal::CaptureStderr();
  std::string said;
  control->Reload();
  // A change queued behind the reload is done after it.
  bool is_done = false;
  v1::ApplyRequest request;
  request.add_files()->set_text("nonsense");
  revisions.Apply(request, [&](absl::StatusOr<v1::ApplyReply>) { is_done = true; });
  EXPECT_TRUE(TurnUntil(control.get(), [&] { return is_done; }));
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("not reloaded"));
  EXPECT_EQ(revisions.serving()->revision, 2u);
  End(control.get());
}

TEST_F(ControlPlaneTest, StartsFromItsStateWithoutFiles) {
  auto control = Make();
  ASSERT_TRUE(control->Start().ok());
  End(control.get());
  control.reset();
  options_.files.clear();
  control = Make();
  ASSERT_TRUE(control->Start().ok());
  EXPECT_EQ(control->controller().revisions().serving()->revision, 1u);
  control->Reload();  // has nothing to read
  End(control.get());
}

TEST_F(ControlPlaneTest, AnAddressInUseFailsTheStart) {
  options_.listens = {"unix:" + directory_ + "/no/such/directory/sock"};
  EXPECT_THAT(std::string(Make()->Start().message()), HasSubstr("cannot listen on unix:"));
}

TEST_F(ControlPlaneTest, TheStatsSocketOfTheFileIsOpened) {
  const std::string path = directory_ + "/stats.sock";
  std::ofstream(options_.files[0]) << "global\n  stats socket " << path << " level admin\n"
                                   << kDefaults << "listen web\n  bind :80\n  server s1 127.0.0.1:80\n";
  auto control = Make();
  ASSERT_TRUE(control->Start().ok());
  EXPECT_TRUE(std::filesystem::is_socket(path));
  End(control.get());
}

}  // namespace
}  // namespace lb::control
