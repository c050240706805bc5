// H2Connection: one HTTP/2 connection from a client. Each stream of it is a session of its own in
// the worker's list, and one exchange.
//
// One worker's thread. Source: RFC 9113; HAProxy configuration manual, "timeout http-keep-alive",
// "timeout http-request", "timeout client".
#ifndef LB_DATAPLANE_PROXY_H2_CONNECTION_H_
#define LB_DATAPLANE_PROXY_H2_CONNECTION_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "common/event/task.h"
#include "common/net/buffer_pool.h"
#include "common/net/stream.h"
#include "dataplane/http/h2_session.h"
#include "dataplane/proxy/h2_transport.h"
#include "dataplane/proxy/session_list.h"
#include "dataplane/proxy/worker_context.h"

namespace lb::proxy {

class H2ClientStream;

class H2Connection final : public http::H2Listener {
 public:
  // All are borrowed. `in` may hold bytes that were received, from the preface on.
  H2Connection(WorkerContext* worker, Session* session, net::Buffer* in,
               rules::VariableSet* session_vars);

  // Serves the connection until it ends. Returns whether the client may have sent what nobody has
  // read, so that closing at once could cost it the last bytes it was sent. `session` is the
  // connection's own: draining and killing it ends the connection.
  static event::Task<bool> Run(H2Connection* self);

  // The rest is for its streams.
  WorkerContext* worker() const { return worker_; }
  Session& session() const { return *session_; }
  rules::VariableSet* session_vars() const { return session_vars_; }
  H2Transport& transport() { return transport_; }
  // Takes the next number; 0 for the first.
  uint64_t CountRequest() { return requests_++; }
  // A request begins. Returns since when its idle time counts: the accept for the first, for a
  // later one the beginning of the one before.
  SteadyTime NoteRequestAt(SteadyTime begun) {
    return std::min(std::exchange(request_begun_at_, begun), begun);
  }
  void NoteHead(H2ClientStream* stream) { received_.push_back(stream); }
  // A stream was answered and closed in order, or its exchange has ended otherwise: it does not
  // count as work any more. Once a stream.
  void NoteDone() { --working_; }
  void NoteGone(H2ClientStream* stream);

 private:
  http::H2StreamUser* OnStreamBegins(http::H2Channel* channel) override;
  void OnPingAnswered() override { is_notice_received_ = true; }

  void StartStreams();
  void GoAway();
  SteadyTime Deadline() const;
  bool IsDone() const;
  void CountGlitches();
  void NoteFailure();

  enum class Leaving : uint8_t { kNot, kNoticed, kClosed };

  WorkerContext* const worker_;
  Session* const session_;
  rules::VariableSet* const session_vars_;
  const uint32_t max_streams_;
  http::H2Session h2_;
  H2Transport transport_;
  std::vector<H2ClientStream*> received_;  // heads that came in this read
  event::Source gone_;                     // raised when the last stream has gone
  size_t live_ = 0;                        // streams that exist
  size_t working_ = 0;                     // those that count against the limit
  uint64_t requests_ = 0;
  SteadyTime request_begun_at_;    // the last one
  uint64_t counted_glitches_ = 0;  // those of the guard that are in the frontend's counters
  uint64_t counted_bad_streams_ = 0;
  Leaving leaving_ = Leaving::kNot;
  bool is_notice_received_ = false;
  SteadyTime idle_since_;
  SteadyTime head_since_;  // when a head was begun that is not complete
  SteadyTime noticed_at_{};
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_H2_CONNECTION_H_
