// BufferPool: the I/O buffers of one worker, all of one size, reused without malloc.
// Buffer: one of them with the window of bytes that are in use. An idle connection holds none.
//
// One thread. A buffer must go before its pool does.
#ifndef LB_COMMON_NET_BUFFER_POOL_H_
#define LB_COMMON_NET_BUFFER_POOL_H_

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace lb::net {

class BufferPool {
 public:
  // `buffer_bytes` is "tune.bufsize". At most `max_spare` unused buffers are kept.
  explicit BufferPool(size_t buffer_bytes, size_t max_spare = 1024)
      : buffer_bytes_(buffer_bytes), max_spare_(max_spare) {}
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  size_t buffer_bytes() const { return buffer_bytes_; }

 private:
  friend class Buffer;
  char* Take();
  void Give(char* bytes);

  const size_t buffer_bytes_;
  const size_t max_spare_;
  std::vector<char*> spare_;
};

// [consumed | readable bytes | free space]. Without memory until Reserve().
class Buffer {
 public:
  explicit Buffer(BufferPool* pool) : pool_(pool) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { Release(); }

  std::string_view readable() const { return {bytes_ + begin_, end_ - begin_}; }
  char* read_position() const { return bytes_ + begin_; }
  size_t size() const { return end_ - begin_; }
  bool is_empty() const { return begin_ == end_; }
  char* free_space() { return bytes_ + end_; }
  size_t free_bytes() const { return bytes_ == nullptr ? 0 : pool_->buffer_bytes() - end_; }
  // Bytes before readable(): Compact() makes them free.
  size_t consumed_bytes() const { return begin_; }
  size_t capacity() const { return pool_->buffer_bytes(); }
  bool has_memory() const { return bytes_ != nullptr; }

  void Reserve() {
    if (bytes_ == nullptr) bytes_ = pool_->Take();
  }
  // Gives the memory back, with whatever it holds.
  void Release() {
    if (bytes_ != nullptr) pool_->Give(std::exchange(bytes_, nullptr));
    begin_ = end_ = 0;
  }
  void Commit(size_t bytes) { end_ += bytes; }
  void Consume(size_t bytes) {
    begin_ += bytes;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // As Consume(), but what readable() viewed stays in place until Compact() or Clear().
  void ConsumeInPlace(size_t bytes) { begin_ += bytes; }
  // Moves readable() to the front. Views into the buffer no longer hold.
  void Compact();
  // Copies `text` behind readable(); it must fit into free_bytes().
  void Append(std::string_view text);
  void Clear() { begin_ = end_ = 0; }

 private:
  BufferPool* pool_;
  char* bytes_ = nullptr;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace lb::net

#endif  // LB_COMMON_NET_BUFFER_POOL_H_
