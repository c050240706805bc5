// What the sources of RuntimeCommands share and nobody else needs.
#ifndef LB_CONTROLPLANE_SERVICE_RUNTIME_COMMAND_CALL_H_
#define LB_CONTROLPLANE_SERVICE_RUNTIME_COMMAND_CALL_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "controlplane/service/runtime/commands.h"

namespace lb::service {

// One command being run. Copied into callbacks that outlive the call; `context` is not to be used
// in those.
struct RuntimeCommands::Call {
  Words words;
  CommandContext* context = nullptr;
  CommandOrigin origin;
  Reply reply;
  std::optional<std::string> payload = std::nullopt;

  // The word at `place`; "" when the command has fewer.
  std::string Word(size_t place) const { return place < words.size() ? words[place] : ""; }
  void Say(std::string body) const { reply(std::move(body), ReplyKind::kReply); }
};

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_RUNTIME_COMMAND_CALL_H_
