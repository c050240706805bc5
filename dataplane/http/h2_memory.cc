#include "dataplane/http/h2_memory.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>

#include "common/event/frame_pool.h"

namespace lb::http {
namespace {

// In front of every piece: its size, in as much room as keeps the piece aligned.
struct alignas(std::max_align_t) PieceHead {
  size_t bytes;
};

PieceHead* HeadOf(void* piece) { return static_cast<PieceHead*>(piece) - 1; }

void* AllocatePiece(size_t bytes, void*) {
  auto* head = static_cast<PieceHead*>(event::AllocateFrame(sizeof(PieceHead) + bytes));
  head->bytes = bytes;
  return head + 1;
}

void FreePiece(void* piece, void*) {
  if (piece == nullptr) return;
  PieceHead* head = HeadOf(piece);
  event::FreeFrame(head, sizeof(PieceHead) + head->bytes);
}

void* AllocateZeroes(size_t count, size_t bytes, void*) {
  if (bytes != 0 && count > std::numeric_limits<size_t>::max() / bytes) return nullptr;
  void* piece = AllocatePiece(count * bytes, nullptr);
  std::memset(piece, 0, count * bytes);
  return piece;
}

void* ResizePiece(void* piece, size_t bytes, void*) {
  void* resized = AllocatePiece(bytes, nullptr);
  if (piece != nullptr) std::memcpy(resized, piece, std::min(bytes, HeadOf(piece)->bytes));
  FreePiece(piece, nullptr);
  return resized;
}

}  // namespace

nghttp2_mem* H2Memory() {
  static nghttp2_mem memory = {nullptr, AllocatePiece, FreePiece, AllocateZeroes, ResizePiece};
  return &memory;
}

}  // namespace lb::http
