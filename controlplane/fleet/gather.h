// Gather: questions to many data planes at once, each answered when the last node has answered or
// when its time is up. Pure: time is passed in.
#ifndef LB_CONTROLPLANE_FLEET_GATHER_H_
#define LB_CONTROLPLANE_FLEET_GATHER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "controlplane/fleet/publisher.h"
#include "lb/v1/dataplane.pb.h"

namespace lb::fleet {

struct Answer {
  std::string node;
  v1::FromDataPlane message;
};

struct Gathered {
  std::vector<Answer> answers;
  std::vector<std::string> missing;  // nodes that did not answer in time, or were lost
};

class Gather {
 public:
  using Done = std::function<void(Gathered)>;

  // The id that the next Start() gives its question: put it into the message that asks.
  uint64_t next_id() const { return next_id_; }
  // Starts to wait for `members`; `done` runs once. With nobody to wait for it runs at once.
  void Start(std::map<MemberId, std::string> members, SteadyTime deadline, Done done);

  // Inputs. A message that answers nothing is ignored.
  void OnAnswer(MemberId member, const v1::FromDataPlane& message);
  void OnLost(MemberId member);
  void OnTime(SteadyTime now);

  // The next time OnTime() has something to do; max() for none.
  SteadyTime deadline() const;

 private:
  struct Question {
    std::map<MemberId, std::string> waiting;
    SteadyTime deadline;
    Gathered gathered;
    Done done;
  };

  void FinishIfComplete(uint64_t id);
  static uint64_t QuestionOf(const v1::FromDataPlane& message);

  uint64_t next_id_ = 1;
  std::map<uint64_t, Question> questions_;
};

}  // namespace lb::fleet

#endif  // LB_CONTROLPLANE_FLEET_GATHER_H_
