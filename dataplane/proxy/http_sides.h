// The two sides of an exchange. ClientSide: where the request came from and the response goes.
// ServerSide: where the request goes and the response comes from. An exchange knows only these, so
// that any protocol on one side meets any on the other.
//
// One worker's thread; each object belongs to one exchange at a time.
#ifndef LB_DATAPLANE_PROXY_HTTP_SIDES_H_
#define LB_DATAPLANE_PROXY_HTTP_SIDES_H_

#include <cstdint>
#include <memory>
#include <string>

#include "common/net/stream.h"
#include "dataplane/http/h1_parser.h"
#include "dataplane/http/h1_serializer.h"
#include "dataplane/proxy/h1_io.h"
#include "dataplane/proxy/message_io.h"
#include "dataplane/upstream/idle_pool.h"

namespace lb::proxy {

// The connection below one side, when it carries nothing else, and what was read of it and not
// consumed. Null: there is no such connection (HTTP/2).
struct RawEnd {
  net::Stream* stream = nullptr;
  net::Buffer* in = nullptr;
};

class ClientSide {
 public:
  virtual ~ClientSide() = default;
  virtual MessageSource* request_body() = 0;
  virtual MessageSink* response_sink() = 0;
  // Queues the head of a response (final, or 1xx); it leaves with the first Write or Flush of the
  // sink. `may_stay_open`: the proxy's wish. False: the head does not fit the limits.
  virtual bool SendHead(const http::ResponseHead& head, const http::RequestContext& request,
                        bool may_stay_open) = 0;
  virtual bool SendInformational(const http::ResponseHead& head) = 0;
  // A client that cannot understand 1xx gets none.
  virtual bool takes_informational() const = 0;
  // The whole request body has been received (and forwarded or dropped).
  virtual bool is_request_done() const = 0;
  // Drops what is buffered of the request's body; true when that was all of it.
  virtual bool DropBufferedBody() = 0;
  virtual uint64_t TakeSentBytes() = 0;
  // Bytes of the request's body, as framed, that have been received.
  virtual uint64_t received_body_bytes() const = 0;
  // After 101 or CONNECT: makes the request's body and the response's sink the two directions of a
  // tunnel, in which Finish() closes one.
  virtual void BeginTunnel() = 0;
  virtual RawEnd raw() = 0;
};

class ServerSide {
 public:
  enum class HeadStatus : uint8_t {
    kDone,
    kAgain,
    kClosed,
    kRefused,  // closed, and the server has certainly not acted on the request
    kInvalid,
    kAborted,
  };
  virtual ~ServerSide() = default;
  virtual bool SendHead(const http::RequestHead& head, http::ConnectionField connection) = 0;
  virtual MessageSink* request_sink() = 0;
  virtual HeadStatus ReceiveHead(const http::Limits& limits, const http::RequestContext& request,
                                 http::ResponseHead* head) = 0;
  virtual MessageSource* response_body() = 0;
  // What was wrong with the head, after kInvalid.
  virtual MessageFault fault() const { return {}; }
  // Whether any byte of a response has come.
  virtual bool has_received() const = 0;
  // What tells of the server: kReadable and kHungUp, when there is something to receive; kWritable.
  virtual event::Source* source() = 0;
  // The connection, which the exchange may share with others.
  virtual upstream::UpstreamConnection& connection() = 0;
  // As ClientSide's.
  virtual void BeginTunnel() = 0;
  virtual RawEnd raw() = 0;
};

// HTTP/1.x to a client.
class H1Client final : public ClientSide {
 public:
  H1Client(net::Stream* stream, net::Buffer* in, net::BufferPool* pool)
      : stream_(stream), in_(in), body_(stream, in), sink_(stream, pool) {}

  // Of the request's head.
  http::HeadParser& parser() { return parser_; }
  // Of the connection's frontend, before anything is written. Null: names as they are.
  void set_case_map(const http::CaseMap* map) { case_map_ = map; }
  // Begins an exchange: the head has been parsed from the front of the buffer and consumed.
  void Start(const http::RequestHead& head, const http::Limits& limits);
  // Before any head was parsed: for the reply to a request that is none.
  void StartWithoutRequest(const http::Limits& limits);
  // Whether the connection stays open after the exchange, as the response's head has promised.
  bool stays_open() const { return stays_open_; }

  MessageSource* request_body() override { return &body_; }
  MessageSink* response_sink() override { return &sink_; }
  bool SendHead(const http::ResponseHead& head, const http::RequestContext& request,
                bool may_stay_open) override;
  bool SendInformational(const http::ResponseHead& head) override;
  bool takes_informational() const override { return version_minor_ >= 1; }
  bool is_request_done() const override { return body_.done(); }
  bool DropBufferedBody() override;
  uint64_t TakeSentBytes() override { return sink_.TakeSentBytes(); }
  uint64_t received_body_bytes() const override { return body_.received_bytes(); }
  void BeginTunnel() override;
  RawEnd raw() override { return {stream_, in_}; }
  const H1Source& source() const { return body_; }

 private:
  net::Stream* const stream_;
  net::Buffer* const in_;
  http::HeadParser parser_;
  H1Source body_;
  H1Sink sink_;
  const http::CaseMap* case_map_ = nullptr;
  uint8_t version_minor_ = 1;
  bool keep_alive_ = true;
  bool stays_open_ = false;
};

// HTTP/1.1 to a server, over a connection that the exchange owns meanwhile.
class H1Server final : public ServerSide {
 public:
  H1Server(std::unique_ptr<upstream::UpstreamConnection> connection, net::BufferPool* pool)
      : connection_(std::move(connection)),
        sink_(&connection_->stream, pool),
        body_(&connection_->stream, &connection_->in) {}

  // Of the backend, before anything is sent or received.
  void set_case_map(const http::CaseMap* map) { case_map_ = map; }
  void set_lenient(bool lenient) { parser_.set_lenient(lenient); }

  bool SendHead(const http::RequestHead& head, http::ConnectionField connection) override;
  MessageSink* request_sink() override { return &sink_; }
  HeadStatus ReceiveHead(const http::Limits& limits, const http::RequestContext& request,
                         http::ResponseHead* head) override;
  MessageSource* response_body() override { return &body_; }
  MessageFault fault() const override;
  bool has_received() const override { return has_received_; }
  event::Source* source() override { return &connection_->stream; }
  upstream::UpstreamConnection& connection() override { return *connection_; }
  void BeginTunnel() override;
  RawEnd raw() override { return {&connection_->stream, &connection_->in}; }

  // Whether the response was delimited, was read whole, and nothing came behind it.
  bool IsReusable();
  std::unique_ptr<upstream::UpstreamConnection> TakeConnection() { return std::move(connection_); }

 private:
  std::unique_ptr<upstream::UpstreamConnection> connection_;
  http::HeadParser parser_;
  H1Sink sink_;
  H1Source body_;
  const http::CaseMap* case_map_ = nullptr;
  bool keep_alive_ = false;
  bool has_received_ = false;  // any byte of a response
  http::Fault fault_;
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_HTTP_SIDES_H_
