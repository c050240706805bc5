#include "controlplane/service/history.h"

#include <chrono>
#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/logger.h"

namespace lb::service {
namespace {

const char* KindName(store::EventKind kind) {
  switch (kind) {
    case store::EventKind::kServer:
      return "server";
    case store::EventKind::kCommand:
      return "command";
    case store::EventKind::kRevision:
      return "revision";
    case store::EventKind::kNode:
      return "node";
    case store::EventKind::kCertificate:
      return "certificate";
  }
  return "";
}

}  // namespace

std::string UtcText(int64_t unix_seconds) {
  const auto when = static_cast<time_t>(unix_seconds);
  std::tm parts{};
  gmtime_r(&when, &parts);
  char text[64];
  const size_t bytes = std::strftime(text, sizeof(text), "%b %e %H:%M:%S %Y GMT", &parts);
  return std::string(text, bytes);
}

int64_t UnixMillis(WallTime time) {
  return std::chrono::duration_cast<Millis>(time.time_since_epoch()).count();
}

v1::Event ToProto(const store::Event& event) {
  v1::Event out;
  out.set_id(event.id);
  out.set_at_unix_ms(event.at_unix_ms);
  out.set_kind(KindName(event.kind));
  out.set_subject(event.subject);
  out.set_text(event.text);
  out.set_origin(event.origin);
  return out;
}

std::string OriginText(const v1::Origin& origin) {
  std::string text = origin.user();
  if (!origin.host().empty()) text += (text.empty() ? "" : "@") + origin.host();
  if (!origin.program().empty()) text += (text.empty() ? "" : ", ") + origin.program();
  return text;
}

int64_t History::now_unix_ms() const { return UnixMillis(clock_.WallNow()); }

void History::Record(store::EventKind kind, const std::string& subject, const std::string& text,
                     const std::string& origin) {
  RecordWith(nullptr, kind, subject, text, origin, nullptr);
}

void History::RecordWith(StoreThread::Job also, store::EventKind kind, const std::string& subject,
                         const std::string& text, const std::string& origin,
                         StoreThread::Done done) {
  auto event = std::make_shared<store::Event>();
  event->at_unix_ms = now_unix_ms();
  event->kind = kind;
  event->subject = subject;
  event->text = text;
  event->origin = origin;
  store_->Write(
      [event, also = std::move(also)](store::StateStore* store) {
        if (also != nullptr) {
          absl::Status status = also(store);
          if (!status.ok()) return status;
        }
        absl::StatusOr<uint64_t> id = store->AddEvent(*event);
        if (id.ok()) event->id = *id;
        return id.status();
      },
      [this, event, done = std::move(done)](absl::Status status) {
        if (status.ok()) {
          const v1::Event proto = ToProto(*event);
          // A copy: a watcher may leave, or another come, while they are told.
          const std::map<uint64_t, Watcher> watchers = watchers_;
          for (const auto& [id, watcher] : watchers) watcher(proto);
        }
        if (done != nullptr) {
          done(status);
        } else if (!status.ok()) {
          LB_LOG(kError) << status.message();
        }
      });
}

uint64_t History::Watch(Watcher watcher) {
  watchers_[next_watcher_] = std::move(watcher);
  return next_watcher_++;
}

}  // namespace lb::service
