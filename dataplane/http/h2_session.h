// H2Session: one HTTP/2 connection as bytes in, events out; and messages in, bytes out. Every call
// of nghttp2 is made here. Pure: no socket; time is given to it.
//
//   H2Session session(H2Session::Role::kServer, settings, limits, seed, &listener);
//   if (!session.Receive(bytes, now)) ...  // broken: send what Produce() still gives, then close
//   while ((n = session.Produce(space, room)) > 0) send(space, n);
//
// Towards clients it is a server (kServer), towards servers a client (kClient). Each stream has an
// H2Channel, by which its user speaks of it, and an H2StreamUser, which is told what happens.
//
// Bounded memory: nothing of bodies is held here. What is received goes to the user at once, and
// the peer may send more only as the user tells Consume(). What is sent is lent by Offer() and
// written by Produce() straight to where it leaves. Of control frames the library holds at most
// what one Receive() may ask for, and H2Guard ends those who ask for too many.
// Heads lie in the users' arenas, those of informational responses up to a limit for each stream.
//
// One connection, on its worker's thread. A user's callbacks call nothing here; only OnClosed() may
// call Detach().
// Source: RFC 9113; RFC 7541; RFC 8441.
#ifndef LB_DATAPLANE_HTTP_H2_SESSION_H_
#define LB_DATAPLANE_HTTP_H2_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/http/arena.h"
#include "dataplane/http/h1_error.h"
#include "dataplane/http/h1_parser.h"
#include "dataplane/http/h2_guard.h"
#include "dataplane/http/h2_head.h"
#include "dataplane/http/h2_settings.h"
#include "dataplane/http/message.h"

struct nghttp2_session;

namespace lb::http {

// The user's end of one stream.
class H2StreamUser {
 public:
  virtual ~H2StreamUser() = default;
  // Where texts and fields of what is received go, until OnHead() or OnEnd(). Of the two heads the
  // one that the role receives is asked for; that of a response once, when its block begins.
  virtual Arena* arena() = 0;
  virtual RequestHead* received_request() { return nullptr; }
  virtual ResponseHead* received_response() { return nullptr; }
  virtual HeaderList* received_trailers() = 0;

  // A head is complete: a request's, a response's, or an informational one's. kHeadTooLarge and
  // kTooManyHeaders leave the stream open for an answer. After any other error it is being reset,
  // and nothing but OnClosed() follows.
  virtual void OnHead(ParseError error) = 0;
  // A piece of the body, valid during the call.
  virtual void OnData(std::string_view data) = 0;
  // The message is complete, with its trailers.
  virtual void OnEnd() = 0;
  // What was received as a head or trailers is none. `field`: "name: value" of the field at fault;
  // empty: not one alone. kNone: the library's verdict.
  virtual void OnMalformed(ParseError /*error*/, std::string_view /*field*/) {}
  // Sending may go on: a window was opened.
  virtual void OnWindow() = 0;
  // The stream is gone. `error`: the code of the reset by either side; kNoError when both messages
  // were complete. `is_unprocessed`: the peer has certainly not acted on it.
  virtual void OnClosed(H2Error error, bool is_unprocessed) = 0;
};

// One stream, as its user holds it.
struct H2Channel {
  int32_t id = 0;
  H2StreamUser* user = nullptr;  // null: detached
  RequestContext request;        // of the request that went out (kClient) or came in
  bool is_websocket = false;     // by an extended CONNECT
  bool has_received_head = false;
  bool has_sent_head = false;
  bool has_received_end = false;
  bool was_reset_by_peer = false;
  bool has_sent_end = false;     // END_STREAM is written or will be without further doing
  bool has_written_end = false;  // END_STREAM has gone into Produce()'s space
  bool was_reset = false;        // by us: RST_STREAM has left or will without further doing
  bool is_closed = false;

  // What is to be sent.
  std::string_view offered;
  bool is_offer_last = false;
  bool is_finished = false;
  bool is_deferred = false;  // the library has asked and been told to wait
  std::vector<std::pair<std::string, std::string>> trailers;

  size_t unconsumed = 0;           // bytes received and not yet told by Consume()
  size_t informational_bytes = 0;  // of the heads before that of the response
};

class H2Listener {
 public:
  virtual ~H2Listener() = default;
  // kServer: a request begins. Null: there are too many streams; it is refused, and the client may
  // try it again.
  virtual H2StreamUser* OnStreamBegins(H2Channel* channel) = 0;
  // The answer to SendPing() has come.
  virtual void OnPingAnswered() {}
  // SETTINGS of the peer have come.
  virtual void OnSettings() {}
};

class H2Session {
 public:
  enum class Role : uint8_t { kServer, kClient };

  // `seed` is for keys of WebSocket handshakes. The listener outlives the session.
  H2Session(Role role, const H2Settings& settings, const Limits& limits, uint64_t seed,
            H2Listener* listener);
  ~H2Session();
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;

  // Bytes from the peer, all of which are used. False: the connection is at its end, by the peer's
  // fault or GOAWAY, once Produce() has given what it has.
  bool Receive(std::string_view bytes, SteadyTime now);

  // Writes frames to `space`; 0: there is nothing to write. `room` is at least kMinRoom.
  size_t Produce(char* space, size_t room);
  static constexpr size_t kMinRoom = 512;
  bool wants_write() const;
  // Nothing more is to be received or sent.
  bool is_over() const;
  // The connection failed with that code (GOAWAY sent or on its way); kNoError: it did not.
  H2Error failure() const { return failure_; }
  // A header block has begun and not ended.
  bool is_in_head() const { return is_in_head_; }
  const H2Guard& guard() const { return guard_; }

  // kClient: begins a request; null when no stream can be begun any more. `ends`: no body follows.
  H2Channel* SendRequest(const RequestHead& head, std::string_view scheme, bool ends,
                         H2StreamUser* user);
  // kClient: how many more streams the peer lets us open, and whether it takes any.
  size_t free_streams() const;
  bool takes_streams() const;
  // kClient: whether the peer's SETTINGS have come and allow extended CONNECT.
  bool allows_extended_connect() const;

  // kServer: the head of the response, or an informational one.
  void SendResponse(H2Channel* channel, const ResponseHead& head, bool ends);
  // Left out when very many frames wait to be written: a client need not see it.
  void SendInformational(H2Channel* channel, const ResponseHead& head);

  // Lends body bytes. Produce() takes what the windows and its room allow; then Retract() tells how
  // many bytes are left, and the loan has ended. `is_last`: the message ends with them.
  void Offer(H2Channel* channel, std::string_view data, bool is_last);
  size_t Retract(H2Channel* channel);
  // Ends the message. Needs no further call.
  void Finish(H2Channel* channel, const HeaderList& trailers);
  // Whether body bytes could go now, as far as the windows are concerned.
  bool has_window(const H2Channel& channel) const;

  // `bytes` of what OnData() gave have been passed on.
  void Consume(H2Channel* channel, size_t bytes);
  void Reset(H2Channel* channel, H2Error error);
  // The user is going. The channel must not be used afterwards. A stream that is not closed is
  // reset with kCancel unless both messages are complete.
  void Detach(H2Channel* channel);

  // Going away: first a notice that changes nothing, and once that has surely arrived, the end of
  // what is taken.
  void NoticeShutdown();
  void SendPing();
  void Shutdown();
  // Ends the connection.
  void Terminate(H2Error error);
  // Tells every user that its stream is gone: the connection has ended.
  void AbandonAll();

 private:
  friend struct H2Callbacks;

  H2Channel* NewChannel(int32_t id);
  void Free(H2Channel* channel);
  void BeginHead(H2Channel* channel);
  void FinishHead(H2Channel* channel, bool ends);
  void WakeWindows(int32_t id);
  void Close(H2Channel* channel, H2Error error);
  void StopReceiving(H2Channel* channel);

  const Role role_;
  const Limits limits_;
  H2Listener* const listener_;
  nghttp2_session* session_ = nullptr;
  H2Guard guard_;
  H2HeadReader head_reader_;
  H2FieldList fields_;
  uint64_t seed_;
  H2Error failure_ = H2Error::kNoError;
  bool is_in_head_ = false;
  H2Error violation_ = H2Error::kNoError;  // seen by us, not by the library
  int32_t last_id_ = -1;                   // of the client's last stream
  int32_t gap_begin_ = 0;                  // the streams between these were passed over last
  int32_t gap_end_ = 0;
  uint32_t continuations_ = 0;  // of the block being received
  size_t queued_before_ = 0;    // frames in the library's queue, when the last frame began
  ResponseHead* response_head_ = nullptr;  // of the block being received, kClient
  std::string wrong_field_;                // the library's complaint of the block being received
  H2Channel* head_channel_ = nullptr;      // of the block being received; null: nobody wants it
  bool is_broken_ = false;                 // what the peer sends is not looked at any more
  bool has_gone_away_ = false;             // GOAWAY was received

  // Of one Produce().
  char* out_ = nullptr;
  size_t room_ = 0;
  std::string_view rest_;  // of a frame that did not fit; valid until the next call of the library

  std::vector<std::unique_ptr<H2Channel>> channels_;
  std::vector<H2Channel*> spare_;
};

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_H2_SESSION_H_
