// Task<T>: a lazy coroutine that another coroutine awaits; Root: the owner of a whole chain.
//
//   Task<int> ReadAnswer(Stream* stream);          // free or static, never a capturing lambda
//   Task<void> Session(Stream* stream) {
//     int answer = co_await ReadAnswer(stream);    // await into a named local
//   }
//   Root root(Session(&stream));
//   root.Start([&] { /* finished */ });
//
// Control passes by symmetric transfer: awaiting costs no stack. Frames come from FramePool.
// Nothing throws: an exception that leaves a coroutine aborts the process.
// A waiting chain is cancelled by destroying its Root (or the Task that owns it); a running one
// must never be destroyed.
#ifndef LB_COMMON_EVENT_TASK_H_
#define LB_COMMON_EVENT_TASK_H_

#include <coroutine>
#include <cstdlib>
#include <functional>
#include <optional>
#include <utility>

#include "common/base/check.h"
#include "common/event/frame_pool.h"

namespace lb::event {

template <typename T>
class Task;

namespace internal {

struct FinalAwaiter {
  bool await_ready() noexcept { return false; }
  template <typename Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) noexcept {
    return handle.promise().continuation;
  }
  void await_resume() noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();

  static void* operator new(size_t bytes) { return AllocateFrame(bytes); }
  static void operator delete(void* frame, size_t bytes) { FreeFrame(frame, bytes); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { std::abort(); }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  void return_value(T result) { value.emplace(std::move(result)); }
  T Take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
  void Take() {}
};

}  // namespace internal

template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      Reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() { Reset(); }

  bool await_ready() const { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) {
    handle_.promise().continuation = awaiting;
    return handle_;
  }
  T await_resume() { return handle_.promise().Take(); }

 private:
  void Reset() {
    if (handle_) handle_.destroy();
    handle_ = nullptr;
  }

  Handle handle_ = nullptr;
};

namespace internal {

template <typename T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace internal

// Owns a started chain of tasks.
class Root {
 public:
  Root() = default;
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;
  ~Root() { Cancel(); }

  // Runs `task` until its first wait. `on_done` is called once, when it has finished, from inside
  // the loop; it may not destroy this Root (post or queue that), nor start it again.
  void Start(Task<void> task, std::function<void()> on_done = nullptr) {
    LB_CHECK(!frame_.handle);
    on_done_ = std::move(on_done);
    is_done_ = false;
    frame_ = Drive(this, std::move(task));
    frame_.handle.resume();
  }

  bool is_running() const { return frame_.handle != nullptr && !is_done_; }

  // Destroys the waiting chain; on_done is not called.
  void Cancel() {
    if (frame_.handle) std::exchange(frame_.handle, nullptr).destroy();
  }

 private:
  struct Frame {
    struct promise_type {
      static void* operator new(size_t bytes) { return AllocateFrame(bytes); }
      static void operator delete(void* frame, size_t bytes) { FreeFrame(frame, bytes); }
      Frame get_return_object() {
        return Frame{std::coroutine_handle<promise_type>::from_promise(*this)};
      }
      std::suspend_always initial_suspend() noexcept { return {}; }
      std::suspend_always final_suspend() noexcept { return {}; }
      void unhandled_exception() noexcept { std::abort(); }
      void return_void() {}
    };
    std::coroutine_handle<promise_type> handle = nullptr;
  };

  static Frame Drive(Root* root, Task<void> task) {
    co_await task;
    root->is_done_ = true;
    if (root->on_done_) root->on_done_();
  }

  Frame frame_;
  bool is_done_ = false;
  std::function<void()> on_done_;
};

}  // namespace lb::event

#endif  // LB_COMMON_EVENT_TASK_H_
