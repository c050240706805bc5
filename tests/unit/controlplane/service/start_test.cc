#include "controlplane/service/start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controlplane/store/sqlite_store.h"
#include "tests/testing/temp_dir.h"
#include "tests/unit/controlplane/service/controller_fixture.h"

namespace lb::service {
namespace {

class StartTest : public ::testing::Test {
 protected:
  StartTest() { store_ = *store::SqliteStore::Open(directory_ + "/state.db"); }
  ~StartTest() override { store_.reset(); }
  absl::StatusOr<Starting> Load(const std::string& text,
                                const CompileFunction& compile = FakeCompile) {
    std::vector<config::SourceFile> files;
    if (!text.empty()) files.push_back({"lb.cfg", text});
    return LoadStart(store_.get(), files, compile, clock_, &diagnostics_);
  }

  testing::TempDir temp_;
  const std::string& directory_ = temp_.path();
  FakeClock clock_;
  Diagnostics diagnostics_;
  std::unique_ptr<store::StateStore> store_;
};

TEST_F(StartTest, AFirstStartMakesRevision1) {
  auto starting = Load(kWeb);
  ASSERT_TRUE(starting.ok());
  EXPECT_EQ(starting->config->revision, 1u);
  EXPECT_TRUE(starting->is_new_revision);
  EXPECT_EQ(starting->config->stripped->revision(), 1u);
  EXPECT_FALSE(starting->config->hash().empty());
  EXPECT_EQ(*store_->CurrentRevision(), 1u);
  EXPECT_EQ(store_->GetRevision(1)->author, "start");
}

TEST_F(StartTest, TheSameTextsKeepTheRevision) {
  ASSERT_TRUE(Load(kWeb).ok());
  auto again = Load(kWeb);
  EXPECT_EQ(again->config->revision, 1u);
  EXPECT_FALSE(again->is_new_revision);
}

TEST_F(StartTest, TheSameTextsWithAnotherMeaningAreANewRevision) {
  ASSERT_TRUE(Load(kWeb).ok());
  auto again = Load(kWeb, [](const auto& files, Diagnostics* diagnostics) {
    auto compiled = FakeCompile(files, diagnostics);
    compiled->snapshot.mutable_global()->set_maxconn(7);
    return compiled;
  });
  EXPECT_EQ(again->config->revision, 2u);
}

TEST_F(StartTest, WithoutFilesTheLastServingRevisionIsUsed) {
  EXPECT_TRUE(absl::IsFailedPrecondition(Load("").status()));
  ASSERT_TRUE(Load(kWeb).ok());
  auto again = Load("");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->config->files[0].text, kWeb);
  EXPECT_EQ(again->config->revision, 1u);
}

TEST_F(StartTest, ErrorsStoreNothing) {
  EXPECT_TRUE(absl::IsInvalidArgument(Load("error\n").status()));
  EXPECT_TRUE(diagnostics_.has_errors());
  EXPECT_EQ(*store_->CurrentRevision(), 0u);
}

TEST_F(StartTest, BringsWhatTheStoreRemembers) {
  const store::Override maint{"web", "s1", store::OverrideKind::kState, "maint", "test", 0};
  ASSERT_TRUE(store_->SetOverride(maint).ok());
  auto starting = Load(kWeb);
  ASSERT_EQ(starting->overrides.size(), 1u);
  EXPECT_EQ(starting->overrides[0].value, "maint");
}

}  // namespace
}  // namespace lb::service
