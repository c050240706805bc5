// Linked into every program of a ThreadSanitizer build that uses gRPC, and into nothing else.
//
// Debian's gRPC is not instrumented, so ThreadSanitizer does not see that what a thread did before
// it started an operation comes before the callback of that operation, and would take every
// reactor of ours for a race. Here both ends of an operation are told, and nothing is suppressed:
// a race between a callback and another thread is still reported.
//
// What is defined here stands before gRPC's own in the dynamic linker's order.
#include <dlfcn.h>
#include <grpc/grpc.h>
#include <grpcpp/support/client_callback.h>
#include <sanitizer/tsan_interface.h>

#include <cstdlib>
#include <thread>
#include <utility>

namespace {

using Run = void (*)(grpc_completion_queue_functor*, int);
using StartBatch = grpc_call_error (*)(grpc_call*, const grpc_op*, size_t, void*, void*);

// What gRPC's callback API calls when an operation has ended.
constexpr char kCallbackRun[] =
    "_ZN4grpc8internal22CallbackWithSuccessTag9StaticRunEP29grpc_completion_queue_functori";

void* Symbol(void* where, const char* name) {
  void* symbol = dlsym(where, name);
  if (symbol == nullptr) std::abort();
  return symbol;
}

Run CallbackRun() {
  static const Run run = reinterpret_cast<Run>(Symbol(RTLD_DEFAULT, kCallbackRun));
  return run;
}

void AcquireThenRun(grpc_completion_queue_functor* functor, int ok) {
  __tsan_acquire(functor);
  CallbackRun()(functor, ok);
}

}  // namespace

extern "C" grpc_call_error grpc_call_start_batch(grpc_call* call, const grpc_op* ops, size_t count,
                                                 void* tag, void* reserved) {
  static const auto start_batch =
      reinterpret_cast<StartBatch>(Symbol(RTLD_NEXT, "grpc_call_start_batch"));
  // Of another API the tag is an object that starts with its table of virtual functions.
  auto* functor = static_cast<grpc_completion_queue_functor*>(tag);
  if (functor->functor_run == CallbackRun()) functor->functor_run = AcquireThenRun;
  __tsan_release(tag);
  return start_batch(call, ops, count, tag, reserved);
}

// The end of a call is told on another thread, as gRPC does, but one whose start is seen.
void grpc::internal::ClientReactor::InternalScheduleOnDone(grpc::Status status) {
  std::thread([this, status = std::move(status)] { OnDone(status); }).detach();
}
