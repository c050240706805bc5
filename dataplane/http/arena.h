// Arena: bump allocation for the texts of one exchange. Reset() forgets them all at once and keeps
// the first block, so that a connection's next exchange allocates nothing. Not thread-safe.
#ifndef LB_DATAPLANE_HTTP_ARENA_H_
#define LB_DATAPLANE_HTTP_ARENA_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

namespace lb::http {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Uninitialised bytes that last until Reset(). No alignment is promised.
  char* Allocate(size_t bytes) {
    if (bytes > left_) AddBlock(bytes);
    char* start = next_;
    next_ += bytes;
    left_ -= bytes;
    return start;
  }

  std::string_view Copy(std::string_view text) { return Concat({text}); }

  std::string_view Concat(std::initializer_list<std::string_view> parts) {
    size_t bytes = 0;
    for (std::string_view part : parts) bytes += part.size();
    char* start = Allocate(bytes);
    char* at = start;
    for (std::string_view part : parts) {
      if (part.empty()) continue;  // memcpy from null is undefined even for no bytes
      std::memcpy(at, part.data(), part.size());
      at += part.size();
    }
    return {start, bytes};
  }

  void Reset() {
    if (blocks_.size() > 1) blocks_.resize(1);
    next_ = blocks_.empty() ? nullptr : blocks_[0].bytes.get();
    left_ = blocks_.empty() ? 0 : blocks_[0].size;
  }

  // Frees everything, also the first block: for a connection that goes idle.
  void Release() {
    blocks_.clear();
    Reset();
  }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size;
  };

  void AddBlock(size_t at_least) {
    size_t size = std::max<size_t>(at_least, kBlockBytes);
    blocks_.push_back({std::unique_ptr<char[]>(new char[size]), size});
    next_ = blocks_.back().bytes.get();
    left_ = size;
  }

  static constexpr size_t kBlockBytes = 2048;

  std::vector<Block> blocks_;
  char* next_ = nullptr;
  size_t left_ = 0;
};

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_ARENA_H_
