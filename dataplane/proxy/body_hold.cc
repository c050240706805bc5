#include "dataplane/proxy/body_hold.h"

#include <algorithm>

namespace lb::proxy {

void BodyHold::Fill() {
  while (!is_full() && state_ == BodyPiece::kAgain) {
    const BodyPiece piece = source_->Next();
    if (piece.status == BodyPiece::kAgain) return;
    if (piece.status != BodyPiece::kData) {
      state_ = piece.status;
      return;
    }
    const size_t bytes = std::min(piece.data.size(), limit_ - bytes_.size());
    bytes_.append(piece.data.substr(0, bytes));
    source_->Consume(bytes);
  }
}

BodyPiece BodyHold::Next() {
  if (!held().empty()) {
    return {BodyPiece::kData, held(),
            /*is_last=*/state_ == BodyPiece::kDone && trailers().size() == 0};
  }
  if (state_ != BodyPiece::kAgain) return {state_, {}};
  return source_->Next();
}

void BodyHold::Consume(size_t bytes) {
  if (held().empty()) return source_->Consume(bytes);
  taken_ += bytes;
  if (!held().empty()) return;
  bytes_ = std::string();  // the memory too: the rest of the body may take its time
  taken_ = 0;
}

}  // namespace lb::proxy
