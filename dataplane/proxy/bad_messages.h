// BadMessages: the last request of each frontend and the last response of each backend that could
// not be taken for HTTP, for "show errors". One for the process: bad messages are rare, so that a
// lock costs nothing on the way of good ones. Any thread.
//
// What is kept of a message is what its buffer held ("tune.bufsize" at most), of HTTP/2 the wrong
// field, and one request and one response a proxy.
#ifndef LB_DATAPLANE_PROXY_BAD_MESSAGES_H_
#define LB_DATAPLANE_PROXY_BAD_MESSAGES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "dataplane/proxy/message_io.h"

namespace lb::proxy {

class Session;
struct WorkerContext;

struct BadMessage {
  bool is_response = false;
  bool is_http2 = false;
  WallTime at{};
  std::string source;
  std::string frontend;
  std::string backend;  // empty: none chosen yet
  std::string server;   // the same
  uint64_t session_id = 0;
  uint64_t event = 0;  // counts all, from 0
  std::string reason;
  size_t position = 0;  // of the first wrong byte
  std::string bytes;    // of HTTP/2 the field at fault, if known
};

class BadMessages {
 public:
  // Takes the place of the one before of the same proxy and kind.
  void Keep(BadMessage message);
  // In no order.
  std::vector<BadMessage> All() const;
  // How many there have been.
  uint64_t total() const;
  // Forgets those of proxies that are not among `proxies`.
  void Retain(const std::set<std::string>& proxies);

 private:
  mutable std::mutex mutex_;
  uint64_t total_ = 0;                                           // guarded by mutex_
  std::map<std::pair<std::string, bool>, BadMessage> by_proxy_;  // guarded by mutex_
};

enum class MessageKind : uint8_t { kRequest, kResponse };

// Keeps what `fault` says of a message of the session, unless that is nothing.
void KeepBadMessage(WorkerContext* worker, const Session& session, MessageKind kind,
                    const MessageFault& fault);

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_BAD_MESSAGES_H_
