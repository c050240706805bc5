// History: what happened, as lines in the store and as a live feed to those who watch.
// Lives on the controller's loop thread. A watcher hears of an event once it is durable.
#ifndef LB_CONTROLPLANE_SERVICE_HISTORY_H_
#define LB_CONTROLPLANE_SERVICE_HISTORY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "common/base/clock.h"
#include "controlplane/service/store_thread.h"
#include "lb/v1/admin.pb.h"

namespace lb::service {

int64_t UnixMillis(WallTime time);
// "Jan  1 00:00:00 2125 GMT"
std::string UtcText(int64_t unix_seconds);
v1::Event ToProto(const store::Event& event);
// "root@host, lbctl": who, as far as is known.
std::string OriginText(const v1::Origin& origin);

class History {
 public:
  using Watcher = std::function<void(const v1::Event&)>;

  // Both are borrowed.
  History(const Clock& clock, StoreThread* store) : clock_(clock), store_(store) {}

  int64_t now_unix_ms() const;

  void Record(store::EventKind kind, const std::string& subject, const std::string& text,
              const std::string& origin = "");
  // Stores the event and what `also` writes together; `done` runs when both are durable, or
  // neither is.
  void RecordWith(StoreThread::Job also, store::EventKind kind, const std::string& subject,
                  const std::string& text, const std::string& origin, StoreThread::Done done);

  uint64_t Watch(Watcher watcher);
  void Unwatch(uint64_t id) { watchers_.erase(id); }

 private:
  const Clock& clock_;
  StoreThread* const store_;
  uint64_t next_watcher_ = 1;
  std::map<uint64_t, Watcher> watchers_;
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_HISTORY_H_
