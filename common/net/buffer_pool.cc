#include "common/net/buffer_pool.h"

#include <cstring>

#include "common/base/check.h"
#include "common/base/sanitizers.h"

namespace lb::net {

BufferPool::~BufferPool() {
  for (char* bytes : spare_) ::operator delete(bytes);
}

char* BufferPool::Take() {
  if (spare_.empty()) return static_cast<char*>(::operator new(buffer_bytes_));
  char* bytes = spare_.back();
  spare_.pop_back();
  return bytes;
}

void BufferPool::Give(char* bytes) {
  if (kPoolsReuse && spare_.size() < max_spare_) {
    spare_.push_back(bytes);
  } else {
    ::operator delete(bytes);
  }
}

void Buffer::Compact() {
  if (begin_ == 0) return;
  if (begin_ != end_) std::memmove(bytes_, bytes_ + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
}

void Buffer::Append(std::string_view text) {
  LB_CHECK(text.size() <= free_bytes());
  if (text.empty()) return;
  std::memcpy(free_space(), text.data(), text.size());
  Commit(text.size());
}

}  // namespace lb::net
