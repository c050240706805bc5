// The memory of nghttp2's sessions, from the free lists that coroutine frames come from: it asks
// for several small pieces with every stream, more of them at a time than malloc's caches hold.
//
// A session must be made, used and deleted on one thread.
#ifndef LB_DATAPLANE_HTTP_H2_MEMORY_H_
#define LB_DATAPLANE_HTTP_H2_MEMORY_H_

#include <nghttp2/nghttp2.h>

namespace lb::http {

// For nghttp2_session_*_new3(), which does not change it.
nghttp2_mem* H2Memory();

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_H2_MEMORY_H_
