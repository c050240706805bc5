#include "dataplane/proxy/bad_messages.h"

#include "dataplane/proxy/session_list.h"
#include "dataplane/proxy/worker_context.h"

namespace lb::proxy {

void BadMessages::Keep(BadMessage message) {
  const bool is_response = message.is_response;
  std::pair<std::string, bool> key(is_response ? message.backend : message.frontend, is_response);
  std::lock_guard<std::mutex> lock(mutex_);
  message.event = total_++;
  // The one before is freed with `message`, after the lock.
  std::swap(by_proxy_[std::move(key)], message);
}

std::vector<BadMessage> BadMessages::All() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<BadMessage> all;
  for (const auto& [key, message] : by_proxy_) all.push_back(message);
  return all;
}

uint64_t BadMessages::total() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return total_;
}

void BadMessages::Retain(const std::set<std::string>& proxies) {
  std::lock_guard<std::mutex> lock(mutex_);
  std::erase_if(by_proxy_, [&](const auto& entry) { return !proxies.contains(entry.first.first); });
}

void KeepBadMessage(WorkerContext* worker, const Session& session, MessageKind kind,
                    const MessageFault& fault) {
  if (worker->bad_messages == nullptr || fault.reason.empty()) return;
  BadMessage message;
  message.is_response = kind == MessageKind::kResponse;
  message.is_http2 = fault.is_http2;
  message.at = worker->loop->wall_now();
  message.source = session.client_address.ToString();
  message.frontend = session.frontend->name;
  if (session.backend != nullptr) message.backend = session.backend->name;
  if (session.server != nullptr) message.server = session.server->name;
  message.session_id = session.id();
  message.reason = fault.reason;
  message.position = fault.position;
  message.bytes = fault.bytes;
  worker->bad_messages->Keep(std::move(message));
}

}  // namespace lb::proxy
