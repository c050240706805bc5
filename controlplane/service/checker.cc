#include "controlplane/service/checker.h"

#include <utility>

#include "controlplane/checks/engine.h"

namespace lb::service {
namespace {

class EngineChecker : public Checker {
 public:
  EngineChecker(event::EventLoop* loop, uint64_t seed,
                std::function<uint32_t(ServerId)> current_sessions)
      : engine_(loop, OptionsOf(seed, std::move(current_sessions)),
                [this](ServerId id, const checks::CheckResult& result) { observer_(id, result); }) {
  }

  void SetObserver(Observer observer) override { observer_ = std::move(observer); }
  void SetTargets(std::vector<checks::Target> targets, uint32_t spread_percent) override {
    engine_.SetSpread(spread_percent);
    engine_.SetTargets(std::move(targets));
  }
  void SetPace(ServerId id, checks::Pace pace) override { engine_.SetPace(id, pace); }

 private:
  static checks::Engine::Options OptionsOf(uint64_t seed,
                                           std::function<uint32_t(ServerId)> current_sessions) {
    checks::Engine::Options options;
    options.seed = seed;
    options.current_connections = std::move(current_sessions);
    return options;
  }

  Observer observer_;
  checks::Engine engine_;
};

}  // namespace

std::unique_ptr<Checker> MakeEngineChecker(event::EventLoop* loop, uint64_t seed,
                                           std::function<uint32_t(ServerId)> current_sessions) {
  return std::make_unique<EngineChecker>(loop, seed, std::move(current_sessions));
}

}  // namespace lb::service
