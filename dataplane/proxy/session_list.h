// Session: what every client connection has in common, TCP or HTTP, for listing and ending it.
// SessionList: the sessions of one worker. One worker's thread.
#ifndef LB_DATAPLANE_PROXY_SESSION_LIST_H_
#define LB_DATAPLANE_PROXY_SESSION_LIST_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/event/task.h"
#include "common/net/stream.h"
#include "dataplane/upstream/server.h"

struct ssl_st;

namespace lb::proxy {

struct BackendConfig;
struct BindConfig;
struct FrontendConfig;
class SessionList;

// Where a session stands, as "show sess" tells it.
enum class SessionState : uint8_t { kIdle, kHead, kQueue, kConnect, kResponse, kRelay, kTunnel };
std::string_view NameOf(SessionState state);

// What a PROXY header told besides addresses, as far as anyone asks for it.
struct ProxyHeaderTexts {
  std::string authority;
  std::string unique_id;
};

// Why a session was ended from outside; the first letter of the log's termination state.
enum class KillReason : char { kNone = 0, kAdmin = 'K', kServerDown = 'D', kActiveUp = 'U' };

class Session {
 public:
  virtual ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Makes every pending and later I/O of the session fail; it then ends and logs by itself.
  void Kill(KillReason reason);
  // The process stops, or the listener went: an idle session ends at once, others after their
  // exchange (HTTP) or on their own (TCP).
  void Drain();

  uint64_t id() const { return id_; }
  bool is_draining() const { return is_draining_; }
  KillReason kill_reason() const { return kill_reason_; }
  bool is_killed() const { return kill_reason_ != KillReason::kNone; }
  // What tells of the client. Raised with kSignalled by Kill(), Drain() and Leave(): to be part of
  // every wait of the session.
  event::Source* source() { return source_; }
  // The connection from the client; null when this is one stream of several on it (HTTP/2).
  net::Stream* client() { return client_; }
  // The session has seen is_draining() and will act on it in its own time: stop signalling it.
  void AcknowledgeDrain() { source_->Clear(event::kSignalled); }
  // The client has given up what it asked for, and nobody is left to answer.
  bool has_left() const { return has_left_; }
  // The stream to the server while there is one, so that Kill() reaches it.
  void set_upstream(net::Stream* stream) { upstream_ = stream; }

  // Facts for listing; set by the session as they come to be.
  std::shared_ptr<const FrontendConfig> frontend;
  std::shared_ptr<const BackendConfig> backend;  // null: none chosen yet
  upstream::ServerRuntime* server = nullptr;     // null: none chosen yet
  bool server_is_backup = false;
  // The connection's ends; once a PROXY header has come, those it announced.
  Address client_address;
  Address local_address;
  bool expects_proxy_header = false;                    // its bind or a rule says so
  bool has_proxy_header = false;                        // and it has come
  std::shared_ptr<const ProxyHeaderTexts> proxy_texts;  // null: the header had none
  uint32_t listener_number = 0;
  std::string_view listener_name;    // of the frontend's configuration
  const BindConfig* bind = nullptr;  // of `frontend`
  ssl_st* client_tls = nullptr;      // OpenSSL's connection, after the handshake; null: plain
  int32_t handshake_ms = 0;          // from the accept to the end of what came before the bytes
  SteadyTime accepted_at{};
  SteadyTime last_activity{};
  SessionState state = SessionState::kIdle;
  bool has_content = false;  // TCP mode: bytes of the client were read and await a server
  uint64_t bytes_in = 0;     // from the client
  uint64_t bytes_out = 0;    // to the client

 protected:
  Session(SessionList* list, uint64_t id, net::Stream* client)
      : list_(list), id_(id), source_(client), client_(client) {}
  // A stream of a connection, which has readiness of its own.
  Session(SessionList* list, uint64_t id, event::Source* source)
      : list_(list), id_(id), source_(source), client_(nullptr) {}

  // Makes the I/O with the client fail, as net::Stream::Abort() does.
  virtual void AbortClient() { client_->Abort(); }
  void Leave() {
    has_left_ = true;
    source_->Raise(event::kSignalled);
  }

 private:
  friend class SessionList;

  SessionList* const list_;
  const uint64_t id_;
  event::Source* const source_;
  net::Stream* const client_;
  net::Stream* upstream_ = nullptr;
  bool is_draining_ = false;
  bool has_left_ = false;
  KillReason kill_reason_ = KillReason::kNone;
  Session* prev_ = nullptr;
  Session* next_ = nullptr;
};

class SessionList {
 public:
  SessionList() = default;
  SessionList(const SessionList&) = delete;
  SessionList& operator=(const SessionList&) = delete;
  ~SessionList();

  // Takes ownership.
  void Add(std::unique_ptr<Session> session);
  // Destroys it; never call from inside the session's own coroutine.
  void Destroy(Session* session);

  size_t size() const { return size_; }
  // `visit(Session&)` must not add or destroy sessions.
  template <typename Visit>
  void ForEach(Visit visit) {
    for (Session* s = head_; s != nullptr; s = s->next_) visit(*s);
  }

  // Each returns how many were told to end.
  size_t KillOnServer(const upstream::ServerRuntime* server, KillReason reason);
  size_t KillOnBackups(BackendId backend, KillReason reason);
  size_t KillById(uint64_t id, KillReason reason);
  void DrainAll();
  void DrainFrontend(FrontendId frontend);
  void KillAll(KillReason reason);

 private:
  friend class Session;
  Session* head_ = nullptr;
  size_t size_ = 0;
};

}  // namespace lb::proxy

#endif  // LB_DATAPLANE_PROXY_SESSION_LIST_H_
