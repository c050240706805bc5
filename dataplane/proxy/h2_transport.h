// H2Transport: moves the bytes of one HTTP/2 connection between its socket and its H2Session.
//
// What all streams write gathers in a few buffers and leaves with one system call at the end of the
// loop's turn, or when the buffers are full. An idle connection holds none.
// One worker's thread.
#ifndef LB_DATAPLANE_PROXY_H2_TRANSPORT_H_
#define LB_DATAPLANE_PROXY_H2_TRANSPORT_H_

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "common/event/event_loop.h"
#include "common/net/buffer_pool.h"
#include "common/net/stream.h"
#include "dataplane/http/h2_session.h"

namespace lb::proxy {

// Waits for room in the buffers.
class H2Writer {
 public:
  virtual ~H2Writer() = default;
  virtual void OnRoom() = 0;
};

class H2Transport {
 public:
  // All are borrowed. `in` may hold bytes that were received before.
  H2Transport(net::Stream* stream, net::Buffer* in, net::BufferPool* pool,
              http::H2Session* session);
  H2Transport(const H2Transport&) = delete;
  H2Transport& operator=(const H2Transport&) = delete;

  enum class Outcome : uint8_t {
    kDrained,    // wait for the stream
    kShareUsed,  // there may be more, once others had their turn
    kEnd,        // the peer has closed, or the connection failed, or the session is at its end
  };
  // Reads what has come and gives it to the session.
  Outcome Receive();

  // Writes as much of a body's bytes as windows and buffers allow. Returns how many.
  size_t Write(http::H2Channel* channel, std::string_view data, bool is_last);
  // The session has something to send: it leaves at the end of this turn.
  void ScheduleFlush();
  // Sends what there is as far as the socket takes it. After a failure every call does nothing, and
  // the stream is raised with kSignalled.
  void Flush();

  // What waits to be sent, here or in the session.
  bool has_pending() const { return used_ > 0 || session_->wants_write(); }
  bool is_failed() const { return is_failed_; }
  // What the connection's own coroutine waits for.
  event::Interest interest() const;
  // When bytes were received or sent last.
  SteadyTime last_activity() const { return last_activity_; }

  // `writer` is told once there is room. It must forget this before it goes.
  void WaitForRoom(H2Writer* writer);
  void Forget(H2Writer* writer);

  http::H2Session& session() { return *session_; }
  event::EventLoop* loop() const { return stream_->loop(); }

 private:
  class Flusher final : public event::Runnable {
   public:
    explicit Flusher(H2Transport* transport) : transport_(transport) {}
    void Run() override { transport_->Flush(); }

   private:
    H2Transport* const transport_;
  };

  bool Fill();
  bool SendBuffers();

  static constexpr size_t kBuffers = 4;

  net::Stream* const stream_;
  net::Buffer* const in_;
  http::H2Session* const session_;
  std::array<net::Buffer, kBuffers> out_;  // filled in order, and sent in order
  size_t used_ = 0;                        // how many of them hold bytes
  bool is_failed_ = false;
  bool is_blocked_ = false;  // the socket took no more
  SteadyTime last_activity_;
  std::vector<H2Writer*> writers_;  // those that wait, the longest first
  Flusher flusher_;
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_H2_TRANSPORT_H_
