// What nghttp2 calls, for H2Session alone. nghttp2's names stay in the files that include this.
#ifndef LB_DATAPLANE_HTTP_H2_CALLBACKS_H_
#define LB_DATAPLANE_HTTP_H2_CALLBACKS_H_

#include <nghttp2/nghttp2.h>

#include "dataplane/http/h2_session.h"

namespace lb::http {

struct H2Callbacks {
  // One set for the whole process; never freed.
  static const nghttp2_session_callbacks* Get();

  // Fills `out` from the data of a channel; see nghttp2_data_source_read_callback.
  static ssize_t ReadBody(nghttp2_session* session, int32_t id, uint8_t* space, size_t room,
                          uint32_t* flags, nghttp2_data_source* source, void* user);

 private:
  static int OnBeginFrame(nghttp2_session* session, const nghttp2_frame_hd* head, void* user);
  static int OnBeginHeaders(nghttp2_session* session, const nghttp2_frame* frame, void* user);
  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_bytes, const uint8_t* value, size_t value_bytes, uint8_t flags,
                      void* user);
  static int OnInvalidHeader(nghttp2_session* session, const nghttp2_frame* frame,
                             const uint8_t* name, size_t name_bytes, const uint8_t* value,
                             size_t value_bytes, uint8_t flags, void* user);
  static int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* user);
  static int OnComplaint(nghttp2_session*, int error, const char* text, size_t size, void* user);
  static int OnInvalidFrame(nghttp2_session* session, const nghttp2_frame* frame, int error,
                            void* user);
  static int IgnoreExtension(nghttp2_session* session, void** payload, const nghttp2_frame_hd* head,
                             void* user);
  static int OnData(nghttp2_session* session, uint8_t flags, int32_t id, const uint8_t* data,
                    size_t size, void* user);
  static int OnStreamClose(nghttp2_session* session, int32_t id, uint32_t error, void* user);
  static int OnFrameSent(nghttp2_session* session, const nghttp2_frame* frame, void* user);
  static int SendData(nghttp2_session* session, nghttp2_frame* frame, const uint8_t* head,
                      size_t size, nghttp2_data_source* source, void* user);

  static H2Session* Of(void* user) { return static_cast<H2Session*>(user); }
  static H2Channel* ChannelOf(nghttp2_session* session, int32_t id) {
    return static_cast<H2Channel*>(nghttp2_session_get_stream_user_data(session, id));
  }
};

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_H2_CALLBACKS_H_
