// H2Server: the server's side of one exchange over HTTP/2: a stream of a connection that others
// share.
//
// One worker's thread; belongs to one exchange.
#ifndef LB_DATAPLANE_PROXY_H2_SERVER_H_
#define LB_DATAPLANE_PROXY_H2_SERVER_H_

#include <memory>
#include <string_view>
#include <vector>

#include "dataplane/proxy/h2_stream.h"
#include "dataplane/proxy/h2_upstream.h"
#include "dataplane/proxy/http_sides.h"

namespace lb::proxy {

class H2Server final : public H2Stream, public ServerSide, public H2SettingsWaiter {
 public:
  // Texts of the response go to `arena`, its head to `head`, which is the one that ReceiveHead() is
  // called with. Both outlive this.
  H2Server(std::shared_ptr<H2Upstream> upstream, http::Arena* arena, http::ResponseHead* head);
  ~H2Server() override;

  bool SendHead(const http::RequestHead& head, http::ConnectionField connection) override;
  MessageSink* request_sink() override { return message_sink(); }
  HeadStatus ReceiveHead(const http::Limits& limits, const http::RequestContext& request,
                         http::ResponseHead* head) override;
  MessageSource* response_body() override { return message_source(); }
  MessageFault fault() const override;
  bool has_received() const override { return has_received_; }
  event::Source* source() override { return ready(); }
  upstream::UpstreamConnection& connection() override { return upstream_->connection(); }
  void BeginTunnel() override { H2Stream::BeginTunnel(); }
  RawEnd raw() override { return {}; }

 private:
  // H2StreamUser.
  http::Arena* arena() override { return arena_; }
  http::ResponseHead* received_response() override {
    is_later_ = has_head_ || !later_.empty();
    return is_later_ ? &incoming_ : head_;
  }
  void OnHead(http::ParseError error) override;
  void OnMalformed(http::ParseError error, std::string_view field) override;
  // H2SettingsWaiter.
  void OnSettings() override;

  void Open(const http::RequestHead& head);

  const std::shared_ptr<H2Upstream> upstream_;
  http::Arena* const arena_;
  http::ResponseHead* const head_;
  bool is_later_ = false;                       // what is being received goes to `incoming_`
  bool has_head_ = false;                       // `*head_` was received and not yet taken
  http::ResponseHead incoming_;                 // being received while one is not yet taken
  std::vector<http::ResponseHead> later_;       // received behind it, in order
  const http::RequestHead* waiting_ = nullptr;  // to be sent once the server's SETTINGS are there
  std::string_view websocket_key_;
  bool has_received_ = false;
  bool is_broken_ = false;         // the response was malformed
  std::string_view fault_reason_;  // why; empty: it was not
  std::string fault_field_;
  bool is_unopened_ = false;  // the connection took no more streams
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_H2_SERVER_H_
