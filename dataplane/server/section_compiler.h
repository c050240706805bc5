// The parts of the compiler: one frontend or backend message -> its part of the Config.
// Errors are InvalidArgument and say what was wrong; the caller names the section.
#ifndef LB_DATAPLANE_SERVER_SECTION_COMPILER_H_
#define LB_DATAPLANE_SERVER_SECTION_COMPILER_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "dataplane/proxy/config.h"
#include "dataplane/rules/compiler.h"
#include "dataplane/server/runtime_source.h"
#include "dataplane/server/tls_compiler.h"
#include "lb/v1/snapshot.pb.h"

namespace lb::server {

// "proto" of a bind or server line.
http::ConnectionProtocol CompileProtocol(v1::ConnectionProtocol protocol);

// Makes the log senders of one snapshot; sections with the same targets and tag share one.
class LogSenders {
 public:
  explicit LogSenders(const v1::Global& global) : global_(global) {}
  absl::StatusOr<std::shared_ptr<const net::SyslogSender>> For(const v1::ProxyCommon& proxy);

 private:
  const v1::Global& global_;
  std::map<std::string, std::shared_ptr<const net::SyslogSender>> senders_;
};

absl::StatusOr<std::shared_ptr<const proxy::FrontendConfig>> CompileFrontend(
    const v1::Frontend& frontend, LogSenders* logs, TlsCompiler* tls, RuntimeSource* runtimes);

// `fullconn` is the limit that holds, also when the message leaves it to be derived.
absl::StatusOr<std::shared_ptr<const proxy::BackendConfig>> CompileBackend(
    const v1::Backend& backend, uint32_t fullconn, LogSenders* logs, TlsCompiler* tls,
    RuntimeSource* runtimes);

// One bind line. `number` counts from 1 in its frontend.
absl::StatusOr<proxy::BindConfig> CompileBind(const v1::Bind& bind, uint32_t number,
                                              uint32_t default_backlog, TlsCompiler* tls);

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_SECTION_COMPILER_H_
