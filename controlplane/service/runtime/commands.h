// RuntimeCommands: the commands of the runtime-socket language, one by one, with HAProxy 2.6's
// replies. A running HAProxy is the reference for every one of them.
// Source: HAProxy management guide, section 9.3 "Unix Socket commands".
//
// Lives on the controller's loop thread; shared by all connections.
#ifndef LB_CONTROLPLANE_SERVICE_RUNTIME_COMMANDS_H_
#define LB_CONTROLPLANE_SERVICE_RUNTIME_COMMANDS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "controlplane/service/runtime/runtime_backend.h"

namespace lb::service {

// What a connection may do; each level includes the ones before.
enum class AccessLevel : uint8_t { kUser, kOperator, kAdmin };

// "user", "operator" or "admin"; nullopt for anything else.
std::optional<AccessLevel> ParseAccessLevel(std::string_view text);
std::string_view AccessLevelName(AccessLevel level);

// One connection, as commands see it and may change it.
struct CommandContext {
  AccessLevel level = AccessLevel::kUser;
  CommandOrigin origin;
  std::optional<Millis> timeout;  // "set timeout cli"
};

enum class ReplyKind : uint8_t {
  kReply,         // the body, then an empty line
  kTogglePrompt,  // the same, and the prompt is switched
  kEnd,           // nothing is sent, the connection ends
};

class RuntimeCommands {
 public:
  using Reply = std::function<void(std::string body, ReplyKind kind)>;

  // Both are borrowed. `version` is this program's.
  RuntimeCommands(RuntimeBackend* backend, const Clock* clock, std::string version);

  // Runs one command. `context` is used before the call returns, not after; `reply` is called
  // once, perhaps before the call returns.
  // `payload`: the lines that follow a command that ends with "<<", each with its line end.
  void Run(std::string_view command, CommandContext* context, Reply reply,
           std::optional<std::string> payload = std::nullopt);

 private:
  friend struct CommandTable;
  using Words = std::vector<std::string>;
  struct Call;

  void ShowStat(const Call& call);
  void ShowInfo(const Call& call);
  void ShowServersState(const Call& call);
  void ShowServersConn(const Call& call);
  void ShowBackend(const Call& call);
  void ShowSessions(const Call& call);
  void ShowErrors(const Call& call);
  // Certificates, authorities and revocations alike: ssl_commands.cc.
  void ShowTlsFiles(const Call& call);
  void SetTlsFile(const Call& call);
  void CommitTlsFile(const Call& call);
  void AbortTlsFile(const Call& call);
  void RefuseTlsFile(const Call& call);
  void ShowVersion(const Call& call);
  void ShowLevel(const Call& call);
  void GetWeight(const Call& call);
  void SetServer(const Call& call);
  void SetWeight(const Call& call);
  void SetMaxconn(const Call& call);
  void SetTimeout(const Call& call);
  void EnableServer(const Call& call);
  void DisableServer(const Call& call);
  void ShutdownServerSessions(const Call& call);
  void ClearCounters(const Call& call);
  void LowerToOperator(const Call& call);
  void LowerToUser(const Call& call);
  void Help(const Call& call);
  void Prompt(const Call& call);
  void Quit(const Call& call);

  // What "set server" can change.
  void ChangeState(const Call& call, const std::string& name, const std::string& state);
  void ChangeWeight(const Call& call, const std::string& name, const std::string& weight);
  void ChangeAddress(const Call& call, const std::string& name, const RuntimeView& view);
  void ChangeHealth(const Call& call, const std::string& name, const std::string& health);
  void Change(const Call& call, const std::string& name, ServerChange change,
              std::string success_body);

  RuntimeBackend* const backend_;
  const Clock* const clock_;
  const std::string version_;
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_RUNTIME_COMMANDS_H_
