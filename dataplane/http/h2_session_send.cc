// The sending half of H2Session: heads, bodies, windows and resets.
#include <utility>

#include "dataplane/http/h2_callbacks.h"
#include "dataplane/http/h2_session.h"
#include "dataplane/http/websocket.h"

namespace lb::http {
namespace {

// nghttp2 copies the texts.
std::vector<nghttp2_nv>& NvOf(const H2FieldList& list) {
  static thread_local std::vector<nghttp2_nv> fields;
  fields.clear();
  for (const H2Field& field : list.fields) {
    fields.push_back({reinterpret_cast<uint8_t*>(const_cast<char*>(field.name.data())),
                      reinterpret_cast<uint8_t*>(const_cast<char*>(field.value.data())),
                      field.name.size(), field.value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  return fields;
}

nghttp2_data_provider BodyOf(H2Channel* channel) {
  nghttp2_data_provider provider;
  provider.source.ptr = channel;
  provider.read_callback = H2Callbacks::ReadBody;
  return provider;
}

}  // namespace

H2Channel* H2Session::SendRequest(const RequestHead& head, std::string_view scheme, bool ends,
                                  H2StreamUser* user) {
  if (!takes_streams()) return nullptr;
  H2Channel* channel = NewChannel(0);
  channel->user = user;
  channel->request = RequestContext::Of(head);
  channel->is_websocket = IsWebSocketUpgrade(head);
  WriteH2Request(head, scheme, &fields_);
  const std::vector<nghttp2_nv>& fields = NvOf(fields_);
  const nghttp2_data_provider body = BodyOf(channel);
  const int32_t id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                            ends ? nullptr : &body, channel);
  if (id < 0) {
    Free(channel);
    return nullptr;
  }
  channel->id = id;
  channel->has_sent_head = true;
  channel->has_sent_end = ends;
  return channel;
}

size_t H2Session::free_streams() const {
  const size_t limit =
      nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  const size_t used = channels_.size() - spare_.size();
  return used < limit ? limit - used : 0;
}

bool H2Session::takes_streams() const {
  return !is_broken_ && !has_gone_away_ && nghttp2_session_check_request_allowed(session_) != 0;
}

bool H2Session::allows_extended_connect() const {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) ==
         1;
}

void H2Session::SendResponse(H2Channel* channel, const ResponseHead& head, bool ends) {
  if (channel->is_closed || channel->was_reset) return;
  WriteH2Response(head, channel->request, channel->is_websocket, &fields_);
  const std::vector<nghttp2_nv>& fields = NvOf(fields_);
  const nghttp2_data_provider body = BodyOf(channel);
  nghttp2_submit_response(session_, channel->id, fields.data(), fields.size(),
                          ends ? nullptr : &body);
  channel->has_sent_head = true;
  channel->has_sent_end = ends;
  guard_.CountUse();
}

void H2Session::SendInformational(H2Channel* channel, const ResponseHead& head) {
  constexpr size_t kMaxQueued = 512;
  if (channel->is_closed || channel->was_reset) return;
  if (nghttp2_session_get_outbound_queue_size(session_) > kMaxQueued) return;
  WriteH2Response(head, channel->request, /*is_websocket=*/false, &fields_);
  const std::vector<nghttp2_nv>& fields = NvOf(fields_);
  nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, channel->id, nullptr, fields.data(),
                         fields.size(), nullptr);
}

void H2Session::Offer(H2Channel* channel, std::string_view data, bool is_last) {
  channel->offered = data;
  channel->is_offer_last = is_last;
  if (std::exchange(channel->is_deferred, false)) {
    nghttp2_session_resume_data(session_, channel->id);
  }
}

size_t H2Session::Retract(H2Channel* channel) {
  const size_t left = channel->offered.size();
  channel->offered = {};
  channel->is_offer_last = false;
  return left;
}

void H2Session::Finish(H2Channel* channel, const HeaderList& trailers) {
  if (channel->has_sent_end || channel->is_closed || channel->was_reset) return;
  WriteH2Trailers(trailers, &fields_);
  for (const H2Field& field : fields_.fields) {
    channel->trailers.emplace_back(field.name, field.value);
  }
  channel->is_finished = channel->has_sent_end = true;
  if (std::exchange(channel->is_deferred, false)) {
    nghttp2_session_resume_data(session_, channel->id);
  }
}

bool H2Session::has_window(const H2Channel& channel) const {
  return nghttp2_session_get_stream_remote_window_size(session_, channel.id) > 0 &&
         nghttp2_session_get_remote_window_size(session_) > 0;
}

void H2Session::Consume(H2Channel* channel, size_t bytes) {
  if (channel->is_closed) return;  // returned to the connection when it closed
  channel->unconsumed -= bytes;
  nghttp2_session_consume(session_, channel->id, bytes);
}

void H2Session::Reset(H2Channel* channel, H2Error error) {
  if (channel->is_closed || channel->was_reset) return;
  channel->was_reset = true;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, channel->id, static_cast<uint32_t>(error));
}

void H2Session::Detach(H2Channel* channel) {
  channel->user = nullptr;
  if (channel->is_closed) {
    Free(channel);
    return;
  }
  if (!channel->has_sent_end) {
    Reset(channel, H2Error::kCancel);
  } else if (channel->has_written_end) {
    StopReceiving(channel);
  }
}

// The message to the peer is complete, and nobody reads what is left of the peer's: a client that
// was answered is asked to stop (RFC 9113 section 8.1).
void H2Session::StopReceiving(H2Channel* channel) {
  if (channel->has_received_end) return;
  Reset(channel, role_ == Role::kServer ? H2Error::kNoError : H2Error::kCancel);
}

}  // namespace lb::http
