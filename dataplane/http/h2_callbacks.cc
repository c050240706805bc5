#include "dataplane/http/h2_callbacks.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace lb::http {
namespace {

constexpr size_t kFrameHeadBytes = 9;
// DATA below this does not count as use: it would hide chatter.
constexpr size_t kUsefulBytes = 64;
// Frames that a block may go on in: many times what our limit of a head needs.
constexpr uint32_t kMaxContinuations = 8;

std::string_view TextOf(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

const nghttp2_session_callbacks* H2Callbacks::Get() {
  static const nghttp2_session_callbacks* const callbacks = [] {
    nghttp2_session_callbacks* made = nullptr;
    nghttp2_session_callbacks_new(&made);
    nghttp2_session_callbacks_set_on_begin_frame_callback(made, OnBeginFrame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, OnBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(made, OnHeader);
    nghttp2_session_callbacks_set_on_invalid_header_callback(made, OnInvalidHeader);
    nghttp2_session_callbacks_set_error_callback2(made, OnComplaint);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, OnFrame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, OnInvalidFrame);
    nghttp2_session_callbacks_set_unpack_extension_callback(made, IgnoreExtension);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, OnData);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, OnStreamClose);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, OnFrameSent);
    nghttp2_session_callbacks_set_send_data_callback(made, SendData);
    return made;
  }();
  return callbacks;
}

int H2Callbacks::OnBeginFrame(nghttp2_session* session, const nghttp2_frame_hd* head, void* user) {
  H2Session* self = Of(user);
  switch (head->type) {
    case NGHTTP2_DATA:
      if (head->length == 0 && (head->flags & NGHTTP2_FLAG_END_STREAM) == 0) {
        self->guard_.CountFault();
      } else if (head->length >= kUsefulBytes) {
        self->guard_.CountUse();
      }
      break;
    case NGHTTP2_HEADERS:
      self->guard_.CountUse();
      self->continuations_ = 0;
      // A stream that was passed over when a higher one was opened (RFC 9113 section 5.1.1); the
      // library takes it for a closed one.
      if (head->stream_id > self->gap_begin_ && head->stream_id < self->gap_end_) {
        self->violation_ = H2Error::kProtocolError;
      }
      break;
    case NGHTTP2_PRIORITY:
      // Not looked at by the library, since we have told clients that it is not used.
      self->guard_.CountChatter();
      if (head->stream_id == 0) self->violation_ = H2Error::kProtocolError;
      if (head->length != 5) self->violation_ = H2Error::kFrameSizeError;
      break;
    case NGHTTP2_CONTINUATION:
      // The library looks at the length of the block's first frame only.
      if (head->length >
          nghttp2_session_get_local_settings(session, NGHTTP2_SETTINGS_MAX_FRAME_SIZE)) {
        self->violation_ = H2Error::kFrameSizeError;
      }
      if (++self->continuations_ > kMaxContinuations) {
        self->guard_.CountFault(H2Guard::kMaxFaults + 1);
      }
      break;
    default:
      self->guard_.CountChatter();
      self->queued_before_ = nghttp2_session_get_outbound_queue_size(session);
      break;
  }
  const bool is_bad = self->guard_.is_exceeded() || self->violation_ != H2Error::kNoError;
  return is_bad ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

int H2Callbacks::OnBeginHeaders(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  H2Session* self = Of(user);
  self->is_in_head_ = true;
  const int32_t id = frame->hd.stream_id;
  H2Channel* channel = ChannelOf(session, id);
  if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
    if (id > self->last_id_ + 2) {
      self->gap_begin_ = self->last_id_;
      self->gap_end_ = id;
    }
    self->last_id_ = id;
    channel = self->NewChannel(id);
    channel->user = self->listener_->OnStreamBegins(channel);
    if (channel->user == nullptr) {
      self->Free(channel);
      self->head_channel_ = nullptr;
      self->guard_.CountFault();
      return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
    }
    nghttp2_session_set_stream_user_data(session, id, channel);
  }
  const bool is_wanted = channel != nullptr && channel->user != nullptr && !channel->was_reset;
  self->head_channel_ = is_wanted ? channel : nullptr;
  if (self->head_channel_ != nullptr) self->BeginHead(channel);
  return 0;
}

int H2Callbacks::OnHeader(nghttp2_session*, const nghttp2_frame*, const uint8_t* name,
                          size_t name_bytes, const uint8_t* value, size_t value_bytes, uint8_t,
                          void* user) {
  H2Session* self = Of(user);
  if (self->head_channel_ == nullptr) return 0;
  const bool is_sane = self->head_reader_.Add(TextOf(name, name_bytes), TextOf(value, value_bytes));
  if (is_sane) return 0;
  self->guard_.CountFault(H2Guard::kMaxFaults + 1);
  return NGHTTP2_ERR_CALLBACK_FAILURE;
}

// The library would leave the field out; the message is malformed.
int H2Callbacks::OnInvalidHeader(nghttp2_session*, const nghttp2_frame*, const uint8_t*, size_t,
                                 const uint8_t*, size_t, uint8_t, void*) {
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

// The library says which field it was only in words: "... name: [te], value: [gzip]".
int H2Callbacks::OnComplaint(nghttp2_session*, int error, const char* text, size_t size,
                             void* user) {
  if (error != NGHTTP2_ERR_HTTP_HEADER) return 0;
  constexpr std::string_view kName = "name: [";
  constexpr std::string_view kValue = "], value: [";
  const std::string_view words(text, size);
  const size_t name = words.find(kName);
  const size_t value = words.find(kValue, name);
  if (name == std::string_view::npos || value == std::string_view::npos) return 0;
  const size_t name_begin = name + kName.size();
  const size_t value_begin = value + kValue.size();
  const size_t value_end = std::max(words.rfind(']'), value_begin);
  std::string& field = Of(user)->wrong_field_;
  field = words.substr(name_begin, value - name_begin);
  field.append(": ").append(words.substr(value_begin, value_end - value_begin));
  return 0;
}

int H2Callbacks::OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  H2Session* self = Of(user);
  const int32_t id = frame->hd.stream_id;
  const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS: {
      self->is_in_head_ = false;
      H2Channel* channel = std::exchange(self->head_channel_, nullptr);
      if (channel != nullptr && channel->user != nullptr) self->FinishHead(channel, ends);
      break;
    }
    case NGHTTP2_DATA: {
      const bool is_padding = frame->hd.length > 0 && frame->data.padlen >= frame->hd.length;
      if (is_padding && !ends) self->guard_.CountFault();
      H2Channel* channel = ends ? ChannelOf(session, id) : nullptr;
      if (channel == nullptr) break;
      channel->has_received_end = true;
      if (channel->user != nullptr && !channel->was_reset) channel->user->OnEnd();
      break;
    }
    case NGHTTP2_RST_STREAM: {
      H2Channel* channel = ChannelOf(session, id);
      if (channel == nullptr) break;
      channel->was_reset_by_peer = true;
      if (self->role_ == H2Session::Role::kServer && !channel->has_sent_head) {
        self->guard_.CountFault();
      }
      break;
    }
    case NGHTTP2_WINDOW_UPDATE:
      self->WakeWindows(id);
      break;
    case NGHTTP2_SETTINGS:
      if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) break;
      // The library resets the streams whose windows would overflow; RFC 9113 section 6.9.2 wants
      // the connection to end. Besides its ACK nothing is queued for SETTINGS.
      if (nghttp2_session_get_outbound_queue_size(session) > self->queued_before_ + 1) {
        self->Terminate(H2Error::kFlowControlError);
      }
      self->listener_->OnSettings();
      self->WakeWindows(0);
      break;
    case NGHTTP2_GOAWAY:
      self->has_gone_away_ = true;
      break;
    case NGHTTP2_PING:
      if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) self->listener_->OnPingAnswered();
      break;
    default:
      break;
  }
  return 0;
}

int H2Callbacks::OnInvalidFrame(nghttp2_session* session, const nghttp2_frame* frame, int error,
                                void* user) {
  H2Session* self = Of(user);
  // The library resets the stream; what was begun for it in the same read need not go on.
  H2Channel* channel = ChannelOf(session, frame->hd.stream_id);
  if (channel != nullptr && !std::exchange(channel->was_reset, true)) {
    self->guard_.CountBadStream();
  }
  if (frame->hd.type == NGHTTP2_HEADERS) {
    H2Channel* const receiving = self->head_channel_;
    const std::string field = std::exchange(self->wrong_field_, std::string());
    const bool is_malformed =
        error == NGHTTP2_ERR_HTTP_HEADER || error == NGHTTP2_ERR_HTTP_MESSAGING;
    if (is_malformed && receiving != nullptr && receiving->user != nullptr) {
      receiving->user->OnMalformed(ParseError::kNone, field);
    }
    self->is_in_head_ = false;
    self->head_channel_ = nullptr;
  }
  // More streams than allowed.
  if (error == NGHTTP2_ERR_REFUSED_STREAM) self->guard_.CountFault();
  return 0;
}

int H2Callbacks::IgnoreExtension(nghttp2_session*, void**, const nghttp2_frame_hd*, void*) {
  return NGHTTP2_ERR_CANCEL;
}

int H2Callbacks::OnData(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data,
                        size_t size, void*) {
  H2Channel* channel = ChannelOf(session, id);
  if (channel == nullptr || channel->user == nullptr || channel->was_reset) {
    // Nobody will take it; the connection's window must not shrink for it.
    nghttp2_session_consume_connection(session, size);
    return 0;
  }
  channel->unconsumed += size;
  channel->user->OnData(TextOf(data, size));
  return 0;
}

int H2Callbacks::OnStreamClose(nghttp2_session* session, int32_t id, uint32_t error, void* user) {
  H2Channel* channel = ChannelOf(session, id);
  if (channel != nullptr) Of(user)->Close(channel, static_cast<H2Error>(error));
  return 0;
}

int H2Callbacks::OnFrameSent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  H2Session* self = Of(user);
  const bool has_flags = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
  if (has_flags && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
    H2Channel* channel = ChannelOf(session, frame->hd.stream_id);
    if (channel != nullptr) {
      channel->has_written_end = true;
      if (channel->user == nullptr) self->StopReceiving(channel);
    }
  }
  if (frame->hd.type == NGHTTP2_GOAWAY && self->failure_ == H2Error::kNoError) {
    self->failure_ = static_cast<H2Error>(frame->goaway.error_code);
  }
  return 0;
}

ssize_t H2Callbacks::ReadBody(nghttp2_session* session, int32_t id, uint8_t*, size_t room,
                              uint32_t* flags, nghttp2_data_source* source, void* user) {
  H2Session* self = Of(user);
  auto* channel = static_cast<H2Channel*>(source->ptr);
  if (!channel->offered.empty()) {
    // SendData() has to find room for what is promised here.
    if (self->room_ < H2Session::kMinRoom) return NGHTTP2_ERR_PAUSE;
    const size_t size = std::min({room, channel->offered.size(), self->room_ - kFrameHeadBytes});
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (channel->is_offer_last && size == channel->offered.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      channel->has_sent_end = true;
    }
    return static_cast<ssize_t>(size);
  }
  if (!channel->is_finished) {
    channel->is_deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (!channel->trailers.empty()) {
    std::vector<nghttp2_nv> fields;
    for (auto& [name, value] : channel->trailers) {
      fields.push_back({reinterpret_cast<uint8_t*>(name.data()),
                        reinterpret_cast<uint8_t*>(value.data()), name.size(), value.size(),
                        NGHTTP2_NV_FLAG_NONE});
    }
    if (nghttp2_submit_trailer(session, id, fields.data(), fields.size()) == 0) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    }
  }
  return 0;
}

int H2Callbacks::SendData(nghttp2_session*, nghttp2_frame*, const uint8_t* head, size_t size,
                          nghttp2_data_source* source, void* user) {
  H2Session* self = Of(user);
  auto* channel = static_cast<H2Channel*>(source->ptr);
  std::memcpy(self->out_, head, kFrameHeadBytes);
  std::memcpy(self->out_ + kFrameHeadBytes, channel->offered.data(), size);
  channel->offered.remove_prefix(size);
  self->out_ += kFrameHeadBytes + size;
  self->room_ -= kFrameHeadBytes + size;
  if (size >= kUsefulBytes) self->guard_.CountUse();
  return 0;
}

}  // namespace lb::http
