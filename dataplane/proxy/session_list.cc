#include "dataplane/proxy/session_list.h"

#include "dataplane/proxy/config.h"

namespace lb::proxy {

std::string_view NameOf(SessionState state) {
  switch (state) {
    case SessionState::kIdle:
      return "idle";
    case SessionState::kHead:
      return "head";
    case SessionState::kQueue:
      return "queue";
    case SessionState::kConnect:
      return "connect";
    case SessionState::kResponse:
      return "response";
    case SessionState::kRelay:
      return "relay";
    case SessionState::kTunnel:
      return "tunnel";
  }
  return "?";
}

Session::~Session() {
  if (list_->head_ != this && prev_ == nullptr) return;  // never added
  (prev_ != nullptr ? prev_->next_ : list_->head_) = next_;
  if (next_ != nullptr) next_->prev_ = prev_;
  --list_->size_;
}

void Session::Kill(KillReason reason) {
  if (kill_reason_ == KillReason::kNone) kill_reason_ = reason;
  AbortClient();
  if (upstream_ != nullptr) upstream_->Abort();
}

void Session::Drain() {
  is_draining_ = true;
  // Wakes an idle session, which then sees the flag; busy ones do not wait for this signal.
  source_->Raise(event::kSignalled);
}

SessionList::~SessionList() {
  while (head_ != nullptr) Destroy(head_);
}

void SessionList::Add(std::unique_ptr<Session> session) {
  Session* added = session.release();
  added->next_ = head_;
  if (head_ != nullptr) head_->prev_ = added;
  head_ = added;
  ++size_;
}

void SessionList::Destroy(Session* session) { delete session; }

size_t SessionList::KillOnServer(const upstream::ServerRuntime* server, KillReason reason) {
  size_t count = 0;
  ForEach([&](Session& session) {
    if (session.server != server) return;
    session.Kill(reason);
    ++count;
  });
  return count;
}

size_t SessionList::KillOnBackups(BackendId backend, KillReason reason) {
  size_t count = 0;
  ForEach([&](Session& session) {
    if (!session.server_is_backup || session.backend == nullptr) return;
    if (session.backend->id != backend) return;
    session.Kill(reason);
    ++count;
  });
  return count;
}

size_t SessionList::KillById(uint64_t id, KillReason reason) {
  size_t count = 0;
  ForEach([&](Session& session) {
    if (session.id() != id) return;
    session.Kill(reason);
    ++count;
  });
  return count;
}

void SessionList::DrainAll() {
  ForEach([](Session& session) { session.Drain(); });
}

void SessionList::DrainFrontend(FrontendId frontend) {
  ForEach([&](Session& session) {
    if (session.frontend->id == frontend) session.Drain();
  });
}

void SessionList::KillAll(KillReason reason) {
  ForEach([&](Session& session) { session.Kill(reason); });
}

}  // namespace lb::proxy
