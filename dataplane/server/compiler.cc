#include "dataplane/server/compiler.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

#include "dataplane/server/section_compiler.h"

namespace lb::server {
namespace {

using proxy::BackendConfig;
using proxy::Config;
using proxy::FrontendConfig;

constexpr uint32_t kDefaultMaxRewrite = 1024;
constexpr uint32_t kDefaultMaxHeaders = 101;
constexpr uint32_t kDefaultBufferBytes = 16384;
// Descriptors of the process itself: standard streams, epolls, the state file, the control session,
// log sockets, and some room.
constexpr uint32_t kReservedDescriptors = 64;

// Equal messages have equal texts; maps are written in the order of their keys.
std::string Serialize(const google::protobuf::Message& message) {
  std::string text;
  {
    google::protobuf::io::StringOutputStream stream(&text);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return text;
}

bool IsSame(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  return a.ByteSizeLong() == b.ByteSizeLong() && Serialize(a) == Serialize(b);
}

uint32_t LimitOf(const v1::Frontend& frontend, uint32_t process_limit) {
  return frontend.maxconn() != 0 ? frontend.maxconn() : process_limit;
}

// What each backend's "fullconn" is when it is not set: a tenth of what the frontends that may lead
// to it can hold. Source: HAProxy configuration manual, "fullconn".
std::unordered_map<std::string_view, uint64_t> ReachableConnections(const v1::Snapshot& snapshot,
                                                                    uint32_t process_limit) {
  std::unordered_map<std::string_view, uint64_t> totals;
  for (const v1::Frontend& frontend : snapshot.frontends()) {
    std::vector<std::string_view> targets;
    if (!frontend.default_backend().empty()) targets.push_back(frontend.default_backend());
    if (frontend.common().is_listen()) targets.push_back(frontend.common().name());
    for (const v1::UseBackend& rule : frontend.use_backend()) targets.push_back(rule.backend());
    std::sort(targets.begin(), targets.end());
    targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
    for (std::string_view target : targets) totals[target] += LimitOf(frontend, process_limit);
  }
  return totals;
}

// Compiles one snapshot, taking over what did not change since the one before.
class SnapshotCompiler {
 public:
  explicit SnapshotCompiler(const CompileInput& input)
      : input_(input),
        snapshot_(*input.snapshot),
        logs_(snapshot_.global()),
        tls_(snapshot_, input.previous, input.ticket_keys) {
    FindPrevious();
  }

  Compiled Run();

 private:
  void FindPrevious();
  void SetGlobal(Config* config) const;
  bool AddFrontend(const v1::Frontend& message);
  bool AddBackend(const v1::Backend& message, uint64_t reachable);
  bool Fail(std::string resource, const absl::Status& status);

  const CompileInput& input_;
  const v1::Snapshot& snapshot_;
  LogSenders logs_;
  TlsCompiler tls_;
  // By name: the messages before, and what they were compiled to.
  std::unordered_map<std::string_view, const v1::Frontend*> old_frontends_;
  std::unordered_map<std::string_view, const v1::Backend*> old_backends_;
  std::unordered_map<std::string_view, std::shared_ptr<const FrontendConfig>> frontend_configs_;
  std::unordered_map<FrontendId, std::string_view> frontend_ids_;
  std::unordered_map<BackendId, std::string_view> backend_ids_;
  std::shared_ptr<Config> config_ = std::make_shared<Config>();
  Problem problem_;
};

void SnapshotCompiler::FindPrevious() {
  if (input_.previous == nullptr || input_.previous_config == nullptr) return;
  // Every section has taken over these when it was compiled.
  const v1::Global& before = input_.previous->global();
  const v1::Global& now = snapshot_.global();
  if (before.log_tag() != now.log_tag() || before.log_send_hostname() != now.log_send_hostname()) {
    return;
  }
  for (const v1::Frontend& message : input_.previous->frontends()) {
    old_frontends_[message.common().name()] = &message;
  }
  for (const v1::Backend& message : input_.previous->backends()) {
    old_backends_[message.common().name()] = &message;
  }
  for (const auto& frontend : input_.previous_config->frontends) {
    frontend_configs_[frontend->name] = frontend;
  }
}

// Absent values are the defaults.
void SetHttp2(const v1::Http2Global& message, Config* config) {
  const auto set = [](uint32_t value, uint32_t* field) {
    if (value != 0) *field = value;
  };
  http::H2Settings& front = config->h2_frontend;
  http::H2Settings& back = config->h2_backend;
  for (http::H2Settings* side : {&front, &back}) {
    set(message.header_table_size(), &side->header_table_size);
    set(message.max_frame_size(), &side->max_frame_size);
  }
  set(message.frontend_max_concurrent_streams(), &front.max_concurrent_streams);
  set(message.backend_max_concurrent_streams(), &back.max_concurrent_streams);
  set(message.frontend_initial_window_size(), &front.initial_window_size);
  set(message.backend_initial_window_size(), &back.initial_window_size);
  front.glitches_threshold = message.frontend_glitches_threshold();
  back.glitches_threshold = message.backend_glitches_threshold();
}

void SnapshotCompiler::SetGlobal(Config* config) const {
  const v1::Global& global = snapshot_.global();
  config->revision = snapshot_.revision();
  config->hash = snapshot_.hash();
  config->workers = input_.limits.workers;
  config->maxconn =
      global.maxconn() != 0 ? global.maxconn() : MaxConnectionsOf(input_.limits.max_descriptors);
  config->max_tls_connections = global.max_tls_connections();
  config->max_tls_rate = global.max_tls_rate();
  config->buffer_bytes = input_.limits.buffer_bytes;
  const size_t max_rewrite = global.maxrewrite() != 0 ? global.maxrewrite() : kDefaultMaxRewrite;
  // A head always gets half of the buffer at least.
  config->http_limits.max_head_bytes =
      config->buffer_bytes - std::min(max_rewrite, config->buffer_bytes / 2);
  // HAProxy's limit counts the start line as well.
  config->http_limits.max_headers =
      (global.max_headers() != 0 ? global.max_headers() : kDefaultMaxHeaders) - 1;
  config->case_map = http::CaseMap({global.h1_names().begin(), global.h1_names().end()});
  SetHttp2(global.http2(), config);
  config->node = global.node();
  config->description = global.description();
}

bool SnapshotCompiler::Fail(std::string resource, const absl::Status& status) {
  problem_ = {std::move(resource), std::string(status.message())};
  return false;
}

bool SnapshotCompiler::AddFrontend(const v1::Frontend& message) {
  const std::string& name = message.common().name();
  if (!frontend_ids_.emplace(FrontendIdOf(name), name).second) {
    return Fail("frontend " + name, absl::InvalidArgumentError("two frontends share its identity"));
  }
  if (message.common().disabled()) return true;
  auto old_message = old_frontends_.find(name);
  auto old_config = frontend_configs_.find(name);
  if (old_message != old_frontends_.end() && old_config != frontend_configs_.end() &&
      IsSame(*old_message->second, message) && !tls_.IsAffected(message)) {
    config_->frontends.push_back(old_config->second);
    return true;
  }
  auto frontend = CompileFrontend(message, &logs_, &tls_, input_.runtimes);
  if (!frontend.ok()) return Fail("frontend " + name, frontend.status());
  config_->frontends.push_back(std::move(*frontend));
  return true;
}

bool SnapshotCompiler::AddBackend(const v1::Backend& message, uint64_t reachable) {
  const std::string& name = message.common().name();
  if (!backend_ids_.emplace(BackendIdOf(name), name).second) {
    return Fail("backend " + name, absl::InvalidArgumentError("two backends share its identity"));
  }
  if (message.common().disabled()) return true;
  const uint32_t fullconn =
      message.fullconn() != 0 ? message.fullconn()
                              : static_cast<uint32_t>(std::max<uint64_t>(1, (reachable + 9) / 10));
  std::shared_ptr<const BackendConfig> backend;
  auto old_message = old_backends_.find(name);
  if (old_message != old_backends_.end()) {
    auto old_config = input_.previous_config->backend_by_name.find(name);
    if (old_config != input_.previous_config->backend_by_name.end() &&
        old_config->second->fullconn == fullconn && IsSame(*old_message->second, message) &&
        !tls_.IsAffected(message)) {
      backend = old_config->second;
    }
  }
  if (backend == nullptr) {
    auto compiled = CompileBackend(message, fullconn, &logs_, &tls_, input_.runtimes);
    if (!compiled.ok()) return Fail("backend " + name, compiled.status());
    backend = std::move(*compiled);
  }
  config_->backend_by_name[backend->name] = backend;
  config_->backends.push_back(std::move(backend));
  return true;
}

Compiled SnapshotCompiler::Run() {
  SetGlobal(config_.get());
  for (const v1::Frontend& message : snapshot_.frontends()) {
    if (!AddFrontend(message)) return {nullptr, std::move(problem_)};
  }
  const auto reachable = ReachableConnections(snapshot_, config_->maxconn);
  for (const v1::Backend& message : snapshot_.backends()) {
    auto found = reachable.find(message.common().name());
    if (!AddBackend(message, found == reachable.end() ? 0 : found->second)) {
      return {nullptr, std::move(problem_)};
    }
  }
  return {std::move(config_), {}};
}

}  // namespace

size_t BufferBytesOf(const v1::Global& global) {
  return global.bufsize() != 0 ? global.bufsize() : kDefaultBufferBytes;
}

uint32_t MaxConnectionsOf(uint32_t max_descriptors) {
  const uint32_t reserved = std::min(kReservedDescriptors, max_descriptors / 2);
  return std::max<uint32_t>(1, (max_descriptors - reserved) / 2);
}

Compiled Compile(const CompileInput& input) { return SnapshotCompiler(input).Run(); }

}  // namespace lb::server
