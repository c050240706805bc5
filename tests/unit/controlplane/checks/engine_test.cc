#include "controlplane/checks/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "check_fixture.h"
#include "script_files.h"
#include "scripted_server.h"

namespace lb::checks {
namespace {

using Times = std::vector<int64_t>;

// An engine on a clock that the test moves, and when each server's checks ended.
class EngineTest : public ::testing::Test {
 protected:
  EngineTest() : loop_(clock_), start_(clock_.Now()) {}

  void Make(Engine::Options options = {}) {
    engine_.emplace(&loop_, options, [this](ServerId id, const CheckResult& result) {
      times_[id].push_back(Elapsed());
      last_[id] = result;
      if (on_result_) on_result_(id);
    });
  }
  // A server on which nobody listens: its checks fail at once.
  Target Dead(int number, uint64_t inter_ms) {
    Target target;
    target.id = static_cast<ServerId>(number);
    target.server_address = nobody_.address();
    target.check.set_kind(v1::HealthCheck::TCP);
    target.check.set_address(nobody_.address());
    target.check.set_inter_ms(inter_ms);
    return target;
  }
  std::vector<Target> Deads(int count, uint64_t inter_ms) {
    std::vector<Target> targets;
    for (int i = 1; i <= count; ++i) targets.push_back(Dead(i, inter_ms));
    return targets;
  }
  // A server that never answers.
  Target Mute(int number, uint64_t inter_ms, uint64_t check_timeout_ms) {
    Target target = Dead(number, inter_ms);
    target.check.set_kind(v1::HealthCheck::HTTP);
    target.check.set_address(mute_.address());
    target.check.set_check_timeout_ms(check_timeout_ms);
    return target;
  }
  int64_t Elapsed() { return std::chrono::duration_cast<Millis>(clock_.Now() - start_).count(); }
  // Moves the clock on, a millisecond at a time. What is due at once happens in the first one,
  // since that is how fine the loop's timers are.
  void Pass(int64_t ms) {
    Settle(&loop_);
    for (int64_t i = 0; i < ms; ++i) {
      clock_.Advance(Millis(1));
      for (int turn = 0; turn < 3; ++turn) loop_.RunOnce(Millis(0));
    }
    Settle(&loop_);
  }
  Times Gaps(ServerId id) {
    Times gaps;
    const Times& times = times_[id];
    for (size_t i = 1; i < times.size(); ++i) gaps.push_back(times[i] - times[i - 1]);
    return gaps;
  }

  FakeClock clock_;
  event::EventLoop loop_;
  const SteadyTime start_;
  DeadAddress nobody_;
  ScriptedServer mute_{[](Peer* peer) { peer->StayOpen(); }};
  std::map<ServerId, Times> times_;
  std::map<ServerId, CheckResult> last_;
  std::function<void(ServerId)> on_result_;
  std::optional<Engine> engine_;
};

TEST_F(EngineTest, FirstChecksStartAtOnce) {
  Make();
  engine_->SetTargets(Deads(3, 10'000));
  Pass(10);
  EXPECT_EQ(times_[1], Times{1});
  EXPECT_EQ(times_[2], Times{2});
  EXPECT_EQ(times_[3], Times{4});
  EXPECT_EQ(CodeOf(last_[1].status), "L4CON");
}

TEST_F(EngineTest, AServerWithAShortIntervalDoesNotWaitForTheOthers) {
  Make();
  std::vector<Target> targets = Deads(100, 10'000);
  targets.push_back(Dead(101, 20));
  engine_->SetTargets(targets);
  Pass(20);
  EXPECT_EQ(times_[101].size(), 1u);
  Pass(180);
  EXPECT_GE(times_[101].size(), 9u);
  EXPECT_EQ(times_[100], Times{198});
}

TEST_F(EngineTest, ChecksComeToLieAcrossTheInterval) {
  Make();
  engine_->SetTargets(Deads(4, 100));
  Pass(1000);
  Times phases;
  for (ServerId id = 1; id <= 4; ++id) {
    EXPECT_EQ(Gaps(id).back(), 100);
    phases.push_back(times_[id].back() % 100);
  }
  std::sort(phases.begin(), phases.end());
  for (size_t i = 1; i < phases.size(); ++i) EXPECT_GE(phases[i] - phases[i - 1], 10);
}

TEST_F(EngineTest, KeepsThePaceItIsTold) {
  Make();
  Target target = Dead(1, 100);
  target.check.set_fastinter_ms(20);
  target.check.set_downinter_ms(300);
  const std::vector<Pace> paces = {Pace::kUp,   Pace::kUp,   Pace::kTransition, Pace::kTransition,
                                   Pace::kDown, Pace::kDown, Pace::kUp};
  size_t next = 0;
  on_result_ = [&](ServerId id) {
    if (next < paces.size()) engine_->SetPace(id, paces[next++]);
  };
  engine_->SetTargets({target});
  Pass(1000);
  Times gaps = Gaps(1);
  gaps.resize(7);
  EXPECT_EQ(gaps, (Times{50, 100, 20, 20, 300, 300, 100})) << "the first one is cut short";
}

TEST_F(EngineTest, WithoutFastAndDownIntervalsThereIsOnlyOne) {
  Make();
  for (Pace pace : {Pace::kTransition, Pace::kDown}) {
    times_.clear();
    on_result_ = [&](ServerId id) { engine_->SetPace(id, pace); };
    engine_->SetTargets({});
    engine_->SetTargets({Dead(1, 40)});
    Pass(200);
    EXPECT_EQ(Gaps(1).back(), 40);
  }
}

TEST_F(EngineTest, APaceSetBetweenChecksCountsFromTheLastOne) {
  Make();
  Target target = Dead(1, 100);
  target.check.set_fastinter_ms(20);
  engine_->SetTargets({target});
  Pass(60);
  ASSERT_EQ(times_[1], (Times{1, 51}));
  engine_->SetPace(1, Pace::kTransition);
  Pass(11);
  EXPECT_EQ(times_[1], (Times{1, 51, 71}));
}

TEST_F(EngineTest, APausedServerIsNotCheckedAndAResumedOneIsAtOnce) {
  Make();
  engine_->SetTargets({Dead(1, 50)});
  engine_->SetPace(1, Pace::kPaused);
  Pass(200);
  EXPECT_EQ(times_[1], Times{});
  engine_->SetPace(1, Pace::kUp);
  Pass(1);
  EXPECT_EQ(times_[1], Times{201});
}

TEST_F(EngineTest, PausingEndsACheckUnderWayWithoutAResult) {
  Make();
  engine_->SetTargets({Mute(1, 100, 5000)});
  Pass(10);
  EXPECT_EQ(engine_->running(), 1u);
  engine_->SetPace(1, Pace::kPaused);
  EXPECT_EQ(engine_->running(), 0u);
  Pass(6000);
  EXPECT_EQ(times_[1], Times{});
}

TEST_F(EngineTest, NeverRunsTwoChecksOfOneServer) {
  Make();
  engine_->SetTargets({Mute(1, 100, 250)});
  for (int i = 0; i < 20; ++i) {
    Pass(50);
    EXPECT_LE(engine_->running(), 1u);
  }
  EXPECT_EQ(times_[1].front(), 251);
  EXPECT_EQ(Gaps(1).back(), 300) << "missed starts are skipped";
}

TEST_F(EngineTest, UnchangedTargetsKeepTheirSchedule) {
  Make();
  engine_->SetTargets({Dead(1, 100)});
  Pass(75);
  engine_->SetTargets({Dead(1, 100), Dead(2, 100)});
  Pass(100);
  EXPECT_EQ(times_[1], (Times{1, 51, 151}));
  EXPECT_EQ(times_[2], (Times{76, 126}));
}

TEST_F(EngineTest, AChangedIntervalCountsFromTheLastCheck) {
  Make();
  engine_->SetTargets({Dead(1, 1000)});
  Pass(10);
  engine_->SetTargets({Dead(1, 30)});
  Pass(25);
  EXPECT_EQ(times_[1], (Times{1, 31}));
}

TEST_F(EngineTest, ATargetThatIsCheckedDifferentlyIsCheckedAtOnce) {
  Make();
  engine_->SetTargets({Mute(1, 1000, 5000)});
  Pass(10);
  engine_->SetTargets({Dead(1, 1000)});
  Pass(1);
  EXPECT_EQ(times_[1], Times{11});
  EXPECT_EQ(CodeOf(last_[1].status), "L4CON");
}

TEST_F(EngineTest, AnIntervalChangedDuringACheckDoesNotDisturbIt) {
  Make();
  engine_->SetTargets({Mute(1, 1000, 200)});
  Pass(50);
  engine_->SetTargets({Mute(1, 300, 200)});
  Pass(200);
  EXPECT_EQ(times_[1], Times{201});
}

TEST_F(EngineTest, RemovedTargetsAreNotCheckedAnyMore) {
  Make();
  engine_->SetTargets({Dead(1, 50), Mute(2, 50, 100)});
  Pass(10);
  engine_->SetTargets({});
  EXPECT_EQ(engine_->running(), 0u);
  Pass(500);
  EXPECT_EQ(times_[1], Times{1});
  EXPECT_EQ(times_[2], Times{});
}

TEST_F(EngineTest, TheObserverMayRemoveAndReplaceTheTarget) {
  Make();
  on_result_ = [&](ServerId) {
    on_result_ = nullptr;
    engine_->SetTargets({});
    engine_->SetTargets({Dead(1, 30)});
  };
  engine_->SetTargets({Dead(1, 1000)});
  Pass(20);
  EXPECT_EQ(times_[1], (Times{1, 2, 17}));
}

TEST_F(EngineTest, TheObserverMayChangeWhatIsChecked) {
  Make();
  on_result_ = [&](ServerId) {
    on_result_ = nullptr;
    Target other = Dead(1, 1000);
    other.check.set_address("unix:/nonexistent");
    engine_->SetTargets({other});
  };
  engine_->SetTargets({Dead(1, 1000)});
  Pass(5);
  EXPECT_EQ(times_[1].size(), 2u);
  EXPECT_EQ(CodeOf(last_[1].status), "SOCKERR");
}

TEST_F(EngineTest, TheObserverMayPauseAndResume) {
  Make();
  on_result_ = [&](ServerId id) {
    on_result_ = nullptr;
    engine_->SetPace(id, Pace::kPaused);
    engine_->SetPace(id, Pace::kUp);
  };
  engine_->SetTargets({Dead(1, 1000)});
  Pass(5);
  EXPECT_EQ(times_[1].size(), 2u);
}

TEST_F(EngineTest, RunsNoMoreAtATimeThanAllowed) {
  Engine::Options options;
  options.max_running = 2;
  Make(options);
  engine_->SetTargets({Mute(1, 1000, 100), Mute(2, 1000, 100), Mute(3, 1000, 100)});
  Pass(50);
  EXPECT_EQ(engine_->running(), 2u);
  Pass(60);
  EXPECT_EQ(engine_->running(), 1u) << "the third has its turn";
  Pass(100);
  EXPECT_EQ(times_.size(), 3u);
}

TEST_F(EngineTest, SpreadVariesEachInterval) {
  Engine::Options options;
  options.spread_percent = 20;
  options.seed = 42;
  std::vector<Times> runs;
  for (int run = 0; run < 2; ++run) {
    times_.clear();
    engine_.reset();
    Make(options);
    engine_->SetTargets({Dead(1, 100)});
    Pass(2000);
    runs.push_back(Gaps(1));
  }
  Times gaps(runs[0].begin() + 1, runs[0].end());
  for (int64_t gap : gaps) {
    EXPECT_GE(gap, 80);
    EXPECT_LE(gap, 121);
  }
  std::sort(gaps.begin(), gaps.end());
  EXPECT_GT(std::unique(gaps.begin(), gaps.end()) - gaps.begin(), 5);
  EXPECT_EQ(runs[0], runs[1]) << "the seed decides";
}

TEST_F(EngineTest, ChecksThousandsOfServersWithinTheirInterval) {
  Make();
  engine_->SetTargets(Deads(3000, 500));
  Pass(500);
  size_t checked = 0;
  for (const auto& [id, times] : times_) checked += times.empty() ? 0 : 1;
  EXPECT_EQ(checked, 3000u);
}

TEST_F(EngineTest, TellsExternalChecksHowBusyTheServerIs) {
  ScriptFiles files;
  Engine::Options options;
  options.current_connections = [](ServerId id) { return static_cast<uint32_t>(id + 40); };
  Make(options);
  Target target = Dead(2, 1000);
  target.check.set_kind(v1::HealthCheck::EXTERNAL);
  target.check.set_external_command(files.Add("x", "exit $HAPROXY_SERVER_CURCONN"));
  engine_->SetTargets({target});
  Pass(1);
  RunUntil(&loop_, [&] { return !times_[2].empty(); });
  EXPECT_EQ(last_[2].code, 42);
}

TEST_F(EngineTest, ManyExternalChecksAtOnceLeaveNoProcessBehind) {
  ScriptFiles files;
  const std::string ends = files.Add("ends", "exit 3");
  const std::string hangs = files.Add("hangs", "sleep 1000 & wait");
  {
    Make();
    std::vector<Target> targets = Deads(50, 100'000);
    for (Target& target : targets) {
      target.check.set_kind(v1::HealthCheck::EXTERNAL);
      target.check.set_external_path("/usr/bin:/bin");
      target.check.set_external_command(target.id % 2 == 0 ? ends : hangs);
    }
    engine_->SetTargets(targets);
    clock_.Advance(std::chrono::seconds(1));
    RunUntil(&loop_, [&] { return times_.size() == 25; });
    EXPECT_EQ(engine_->running(), 25u);
    for (const auto& [id, result] : last_) EXPECT_EQ(result.code, 3);
    clock_.Advance(std::chrono::seconds(100));
    RunUntil(&loop_, [&] { return times_.size() == 50; });
    EXPECT_EQ(CodeOf(last_[1].status), "PROCTOUT");
    // Some are under way again when the engine goes.
    clock_.Advance(std::chrono::seconds(60));
    RunUntil(&loop_, [&] { return engine_->running() > 0; });
    engine_.reset();
  }
  EXPECT_FALSE(HasChildren());
}

}  // namespace
}  // namespace lb::checks
