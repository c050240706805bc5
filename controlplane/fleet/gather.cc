#include "controlplane/fleet/gather.h"

#include <algorithm>
#include <utility>

namespace lb::fleet {

void Gather::Start(std::map<MemberId, std::string> members, SteadyTime deadline, Done done) {
  const uint64_t id = next_id_++;
  Question& question = questions_[id];
  question.waiting = std::move(members);
  question.deadline = deadline;
  question.done = std::move(done);
  FinishIfComplete(id);
}

uint64_t Gather::QuestionOf(const v1::FromDataPlane& message) {
  switch (message.message_case()) {
    case v1::FromDataPlane::kReport:
      return message.report().poll_id();
    case v1::FromDataPlane::kSessions:
      return message.sessions().id();
    case v1::FromDataPlane::kBadMessages:
      return message.bad_messages().id();
    case v1::FromDataPlane::kCommandDone:
      return message.command_done().id();
    default:
      return 0;
  }
}

void Gather::OnAnswer(MemberId member, const v1::FromDataPlane& message) {
  auto it = questions_.find(QuestionOf(message));
  if (it == questions_.end()) return;
  Question& question = it->second;
  auto waiting = question.waiting.find(member);
  if (waiting == question.waiting.end()) return;
  question.gathered.answers.push_back({waiting->second, message});
  question.waiting.erase(waiting);
  FinishIfComplete(it->first);
}

void Gather::OnLost(MemberId member) {
  std::vector<uint64_t> touched;
  for (auto& [id, question] : questions_) {
    auto waiting = question.waiting.find(member);
    if (waiting == question.waiting.end()) continue;
    question.gathered.missing.push_back(waiting->second);
    question.waiting.erase(waiting);
    touched.push_back(id);
  }
  for (uint64_t id : touched) FinishIfComplete(id);
}

void Gather::OnTime(SteadyTime now) {
  std::vector<uint64_t> late;
  for (auto& [id, question] : questions_) {
    if (question.deadline > now) continue;
    for (auto& [member, node] : question.waiting) question.gathered.missing.push_back(node);
    question.waiting.clear();
    late.push_back(id);
  }
  for (uint64_t id : late) FinishIfComplete(id);
}

// Removes the question before it runs `done`, which may ask the next one.
void Gather::FinishIfComplete(uint64_t id) {
  auto it = questions_.find(id);
  if (it == questions_.end() || !it->second.waiting.empty()) return;
  Question question = std::move(it->second);
  questions_.erase(it);
  question.done(std::move(question.gathered));
}

SteadyTime Gather::deadline() const {
  SteadyTime deadline = SteadyTime::max();
  for (const auto& [id, question] : questions_) deadline = std::min(deadline, question.deadline);
  return deadline;
}

}  // namespace lb::fleet
