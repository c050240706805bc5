// BodyHold: a message's body as far as it has come, held back until rules have looked at it, and
// then passed on: it stands in the source's place from the wait to the message's end.
//
//   source ──Fill()──> held bytes ──Next()──> sink, then straight from the source
//
// Bounded by `limit`, so that the message in all takes no more than a buffer ("tune.bufsize"): what
// does not fit stays with the source, which stops its peer. One worker's thread.
// Source: HAProxy configuration manual, "http-request wait-for-body".
#ifndef LB_DATAPLANE_PROXY_BODY_HOLD_H_
#define LB_DATAPLANE_PROXY_BODY_HOLD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/proxy/message_io.h"

namespace lb::proxy {

class BodyHold final : public MessageSource {
 public:
  // The source is borrowed, and not at its end before. `limit` in bytes.
  BodyHold(MessageSource* source, size_t limit) : source_(source), limit_(limit) {}

  // Takes what has come, without waiting.
  void Fill();
  // kAgain: more is to come. kDone: the body is whole. Otherwise what ended it too early.
  BodyPiece::Status state() const { return state_; }
  bool is_full() const { return bytes_.size() >= limit_; }
  size_t size() const { return bytes_.size(); }

  // MessageSource.
  BodyPiece Next() override;
  void Consume(size_t bytes) override;
  event::Interest interest() override { return source_->interest(); }
  const http::HeaderList& trailers() const override { return source_->trailers(); }
  std::string_view Peek(http::Arena*) const override { return held(); }
  net::Stream* raw_stream() override { return is_passed() ? source_->raw_stream() : nullptr; }
  uint64_t raw_bytes() const override { return is_passed() ? source_->raw_bytes() : 0; }
  void SkipRaw(uint64_t bytes) override { source_->SkipRaw(bytes); }

 private:
  std::string_view held() const { return std::string_view(bytes_).substr(taken_); }
  // Nothing is held any more, and more may come.
  bool is_passed() const { return held().empty() && state_ == BodyPiece::kAgain; }

  MessageSource* const source_;
  const size_t limit_;
  std::string bytes_;
  size_t taken_ = 0;  // of `bytes_`
  BodyPiece::Status state_ = BodyPiece::kAgain;
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_BODY_HOLD_H_
