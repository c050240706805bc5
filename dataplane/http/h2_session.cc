#include "dataplane/http/h2_session.h"

#include <algorithm>
#include <cstring>

#include "common/base/check.h"
#include "dataplane/http/h2_callbacks.h"
#include "dataplane/http/h2_memory.h"

namespace lb::http {
namespace {

// Streams whose bodies may lie here unread before the connection's window holds up the others.
constexpr uint32_t kClientStreamsBuffered = 16;
// Of the informational heads of one response: thousands of plain ones, and no flood.
constexpr size_t kMaxInformationalBytes = 256 * 1024;
// What is assumed of a server until its SETTINGS have come.
constexpr uint32_t kAssumedPeerStreams = 100;

const nghttp2_option* SessionOptions() {
  static const nghttp2_option* const options = [] {
    nghttp2_option* made = nullptr;
    nghttp2_option_new(&made);
    nghttp2_option_set_no_auto_window_update(made, 1);
    nghttp2_option_set_no_closed_streams(made, 1);
    nghttp2_option_set_peer_max_concurrent_streams(made, kAssumedPeerStreams);
    // Frames of unknown types are ignored, but not before H2Callbacks has counted them.
    for (int type = NGHTTP2_CONTINUATION + 1; type <= 0xff; ++type) {
      nghttp2_option_set_user_recv_extension_type(made, static_cast<uint8_t>(type));
    }
    // Counted by frame in H2Callbacks; the library counts reads as well.
    nghttp2_option_set_max_continuations(made, 256);
    // H2Guard counts resets, and those of streams that were answered are nobody's fault.
    nghttp2_option_set_stream_reset_rate_limit(made, 1u << 30, 1u << 30);
    return made;
  }();
  return options;
}

void SubmitSettings(nghttp2_session* session, H2Session::Role role, const H2Settings& settings,
                    const Limits& limits) {
  const bool is_server = role == H2Session::Role::kServer;
  std::vector<nghttp2_settings_entry> entries;
  if (settings.header_table_size != 4096) {
    entries.push_back({NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, settings.header_table_size});
  }
  if (is_server) {
    entries.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings.max_concurrent_streams});
    entries.push_back({NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1});
    entries.push_back({NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1});
  } else {
    entries.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
  }
  if (settings.initial_window_size != 65535) {
    entries.push_back({NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings.initial_window_size});
  }
  if (settings.max_frame_size != 16384) {
    entries.push_back({NGHTTP2_SETTINGS_MAX_FRAME_SIZE, settings.max_frame_size});
  }
  // Counted there with 32 bytes a field, here with 4.
  entries.push_back({NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
                     static_cast<uint32_t>(limits.max_head_bytes + 28 * limits.max_headers)});
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, entries.data(), entries.size());
  const uint64_t streams = is_server ? kClientStreamsBuffered : settings.max_concurrent_streams;
  const uint64_t window =
      std::clamp<uint64_t>(streams * settings.initial_window_size, 65535, 0x7fffffff);
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<int32_t>(window));
}

// What nghttp2_session_mem_recv() failed with, as the peer is told.
H2Error ErrorOf(ssize_t result, const H2Guard& guard, H2Error violation) {
  if (violation != H2Error::kNoError) return violation;
  if (guard.is_exceeded()) return H2Error::kEnhanceYourCalm;
  switch (result) {
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC:
      return H2Error::kProtocolError;
    case NGHTTP2_ERR_FLOODED:
    case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS:
      return H2Error::kEnhanceYourCalm;
    default:
      return H2Error::kInternalError;
  }
}

}  // namespace

H2Session::H2Session(Role role, const H2Settings& settings, const Limits& limits, uint64_t seed,
                     H2Listener* listener)
    : role_(role),
      limits_(limits),
      listener_(listener),
      guard_(settings.glitches_threshold),
      seed_(seed) {
  const auto make =
      role == Role::kServer ? nghttp2_session_server_new3 : nghttp2_session_client_new3;
  LB_CHECK(make(&session_, H2Callbacks::Get(), this, SessionOptions(), H2Memory()) == 0);
  SubmitSettings(session_, role, settings, limits);
}

H2Session::~H2Session() { nghttp2_session_del(session_); }

H2Channel* H2Session::NewChannel(int32_t id) {
  if (spare_.empty()) {
    channels_.push_back(std::make_unique<H2Channel>());
    spare_.push_back(channels_.back().get());
  }
  H2Channel* channel = spare_.back();
  spare_.pop_back();
  channel->id = id;
  return channel;
}

void H2Session::Free(H2Channel* channel) {
  if (head_channel_ == channel) head_channel_ = nullptr;
  *channel = H2Channel();
  spare_.push_back(channel);
}

bool H2Session::Receive(std::string_view bytes, SteadyTime now) {
  if (is_broken_) return false;
  guard_.Advance(now);
  const ssize_t used = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  // What is answered frame for frame must not pile up for a peer that does not read.
  constexpr size_t kMaxQueued = 4096;
  const bool is_flooded = nghttp2_session_get_outbound_queue_size(session_) > kMaxQueued;
  if (used >= 0 && !guard_.is_exceeded() && !is_flooded) return true;
  const H2Error error = is_flooded ? H2Error::kEnhanceYourCalm : ErrorOf(used, guard_, violation_);
  // Found by other means than the guard's.
  if (error == H2Error::kEnhanceYourCalm && !guard_.is_exceeded()) guard_.CountFault();
  is_broken_ = true;
  Terminate(error);
  return false;
}

size_t H2Session::Produce(char* space, size_t room) {
  out_ = space;
  room_ = room;
  const auto put = [this](std::string_view text) {
    const size_t size = std::min(room_, text.size());
    std::memcpy(out_, text.data(), size);
    out_ += size;
    room_ -= size;
    rest_ = text.substr(size);
  };
  if (!rest_.empty()) put(rest_);
  while (rest_.empty() && room_ >= kMinRoom) {
    const uint8_t* frame = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &frame);
    if (size < 0) is_broken_ = true;
    if (size <= 0) break;
    put({reinterpret_cast<const char*>(frame), static_cast<size_t>(size)});
  }
  const size_t written = static_cast<size_t>(out_ - space);
  out_ = nullptr;
  room_ = 0;
  return written;
}

bool H2Session::wants_write() const {
  return !rest_.empty() || nghttp2_session_want_write(session_) != 0;
}

bool H2Session::is_over() const {
  return !wants_write() && (is_broken_ || nghttp2_session_want_read(session_) == 0);
}

void H2Session::BeginHead(H2Channel* channel) {
  H2StreamUser* user = channel->user;
  using Kind = H2HeadReader::Kind;
  if (channel->has_received_head) {
    head_reader_.Begin(Kind::kTrailers, limits_, user->arena(), user->received_trailers());
  } else if (role_ == Role::kServer) {
    RequestHead* head = user->received_request();
    head->Clear();
    head_reader_.Begin(Kind::kRequest, limits_, user->arena(), &head->headers);
  } else {
    ResponseHead* head = user->received_response();
    response_head_ = head;
    head->Clear();
    head_reader_.Begin(Kind::kResponse, limits_, user->arena(), &head->headers);
  }
}

void H2Session::FinishHead(H2Channel* channel, bool ends) {
  if (channel->was_reset) return;
  H2StreamUser* user = channel->user;
  ParseError error = ParseError::kNone;
  bool is_head = true;
  if (channel->has_received_head) {
    error = head_reader_.FinishTrailers();
    is_head = false;
  } else if (role_ == Role::kServer) {
    RequestHead* head = user->received_request();
    error = head_reader_.FinishRequest(ends, ++seed_, head);
    channel->request = RequestContext::Of(*head);
    channel->is_websocket = head->wants_upgrade;
    channel->has_received_head = true;
  } else {
    ResponseHead* head = response_head_;
    error = head_reader_.FinishResponse(ends, channel->request, channel->is_websocket, head);
    channel->has_received_head =
        error != ParseError::kNone || head->status == 101 || !head->is_informational();
    if (!channel->has_received_head) {
      channel->informational_bytes += head_reader_.bytes();
      if (channel->informational_bytes > kMaxInformationalBytes) error = ParseError::kHeadTooLarge;
    }
  }
  const bool may_be_answered =
      role_ == Role::kServer && is_head &&
      (error == ParseError::kHeadTooLarge || error == ParseError::kTooManyHeaders);
  if (error != ParseError::kNone && !may_be_answered) {
    guard_.CountBadStream();
    user->OnMalformed(error, head_reader_.wrong_field());
    Reset(channel, H2Error::kProtocolError);
  }
  if (ends) channel->has_received_end = true;
  if (is_head) user->OnHead(error);
  if (ends && error == ParseError::kNone) user->OnEnd();
}

void H2Session::WakeWindows(int32_t id) {
  if (id != 0) {
    auto* channel = static_cast<H2Channel*>(nghttp2_session_get_stream_user_data(session_, id));
    if (channel != nullptr && channel->user != nullptr) channel->user->OnWindow();
    return;
  }
  for (const std::unique_ptr<H2Channel>& channel : channels_) {
    if (channel->user != nullptr) channel->user->OnWindow();
  }
}

void H2Session::Close(H2Channel* channel, H2Error error) {
  channel->is_closed = true;
  const bool is_peers_fault = error == H2Error::kProtocolError ||
                              error == H2Error::kFlowControlError ||
                              error == H2Error::kStreamClosed ||
                              error == H2Error::kFrameSizeError || error == H2Error::kInternalError;
  if (is_peers_fault && !channel->was_reset && !channel->was_reset_by_peer) {
    guard_.CountBadStream();
  }
  // What was received and not taken must not hold up the other streams.
  if (channel->unconsumed > 0) {
    nghttp2_session_consume_connection(session_, std::exchange(channel->unconsumed, 0));
  }
  H2StreamUser* user = channel->user;
  if (user == nullptr) {
    Free(channel);
    return;
  }
  user->OnClosed(error, error == H2Error::kRefusedStream);
}

void H2Session::Terminate(H2Error error) {
  if (failure_ == H2Error::kNoError) failure_ = error;
  nghttp2_session_terminate_session(session_, static_cast<uint32_t>(error));
}

void H2Session::NoticeShutdown() { nghttp2_submit_shutdown_notice(session_); }

void H2Session::SendPing() { nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr); }

void H2Session::Shutdown() {
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                        nullptr, 0);
}

void H2Session::AbandonAll() {
  is_broken_ = true;
  for (const std::unique_ptr<H2Channel>& channel : channels_) {
    if (channel->user == nullptr || channel->is_closed) continue;
    channel->is_closed = true;
    channel->user->OnClosed(H2Error::kCancel, /*is_unprocessed=*/false);
  }
}

}  // namespace lb::http
