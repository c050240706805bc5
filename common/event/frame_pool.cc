#include "common/event/frame_pool.h"

#include <array>
#include <new>

#include "common/base/sanitizers.h"

namespace lb::event {
namespace {

constexpr size_t kGranule = 64;
constexpr size_t kClasses = 64;  // frames up to 4 KiB; larger ones go to the heap

constexpr bool IsPooled(size_t size_class) { return kPoolsReuse && size_class <= kClasses; }

struct FreeNode {
  FreeNode* next;
};

struct FreeLists {
  std::array<FreeNode*, kClasses + 1> heads{};
  ~FreeLists() {
    for (FreeNode* node : heads) {
      while (node != nullptr) {
        FreeNode* next = node->next;
        ::operator delete(node);
        node = next;
      }
    }
  }
};

thread_local FreeLists free_lists;

}  // namespace

void* AllocateFrame(size_t bytes) {
  size_t size_class = (bytes + kGranule - 1) / kGranule;
  if (!IsPooled(size_class)) return ::operator new(bytes);
  FreeNode*& head = free_lists.heads[size_class];
  if (head == nullptr) return ::operator new(size_class* kGranule);
  FreeNode* node = head;
  head = node->next;
  return node;
}

void FreeFrame(void* frame, size_t bytes) {
  size_t size_class = (bytes + kGranule - 1) / kGranule;
  if (!IsPooled(size_class)) {
    ::operator delete(frame);
    return;
  }
  FreeNode* node = static_cast<FreeNode*>(frame);
  node->next = free_lists.heads[size_class];
  free_lists.heads[size_class] = node;
}

}  // namespace lb::event
