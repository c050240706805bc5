// FramePool: memory of coroutine frames, from per-thread free lists, so that a request costs no
// malloc. A frame must be freed on the thread that allocated it; ours always are, since a
// coroutine belongs to one event loop. Freed memory stays with the thread for reuse.
#ifndef LB_COMMON_EVENT_FRAME_POOL_H_
#define LB_COMMON_EVENT_FRAME_POOL_H_

#include <cstddef>

namespace lb::event {

void* AllocateFrame(size_t bytes);
void FreeFrame(void* frame, size_t bytes);

}  // namespace lb::event

#endif  // LB_COMMON_EVENT_FRAME_POOL_H_
