// Dialogue: one connection's conversation in the runtime-socket language, without the socket:
// levels, the prompt, several commands in a line, payloads.
//
//   // One line for somebody else than a socket:
//   Dialogue::Make(&commands, context)->TakeLine("show stat", [](std::string reply) { ... });
//
// Source: HAProxy management guide, section 9.3 "Unix Socket commands".
// Lives on the controller's loop thread. Held by shared_ptr, because a command may still be under
// way when its connection ends; the reply then goes nowhere.
#ifndef LB_CONTROLPLANE_SERVICE_RUNTIME_DIALOGUE_H_
#define LB_CONTROLPLANE_SERVICE_RUNTIME_DIALOGUE_H_

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "controlplane/service/runtime/commands.h"

namespace lb::service {

class Dialogue : public std::enable_shared_from_this<Dialogue> {
 public:
  // Bytes: a file of all common authorities and more.
  static constexpr size_t kMaxPayload = 1 << 20;

  using Done = std::function<void(std::string reply)>;

  // `commands` is borrowed.
  static std::shared_ptr<Dialogue> Make(RuntimeCommands* commands, CommandContext context) {
    return std::shared_ptr<Dialogue>(new Dialogue(commands, std::move(context)));
  }

  // Takes one line, without its line end, and gives everything to be sent before the next one is
  // taken: replies and prompts. One line at a time (LB_CHECK). A payload (the lines up to an empty
  // one) belongs to the last command of its line; a larger one than kMaxPayload ends the
  // conversation.
  void TakeLine(std::string_view line, Done done);

  // The connection stays open after the replies that were given.
  bool stays_open() const { return (is_interactive_ || in_payload_) && !wants_end_; }
  bool wants_end() const { return wants_end_; }
  // Set by "set timeout cli".
  std::optional<Millis> timeout() const { return context_.timeout; }

 private:
  Dialogue(RuntimeCommands* commands, CommandContext context)
      : commands_(commands), context_(std::move(context)) {}

  void TakePayload(std::string_view line);
  void RunNext();
  void Finish(std::string body, ReplyKind kind);
  void EndLine();

  RuntimeCommands* const commands_;
  CommandContext context_;
  bool is_interactive_ = false;
  bool in_payload_ = false;
  std::string payload_line_;  // the line that a payload follows, without its "<<"
  std::optional<std::string> payload_;
  bool wants_end_ = false;
  bool is_running_ = false;          // RunNext() is on the stack
  bool was_answered_ = false;        // by a command that replied at once
  std::deque<std::string> waiting_;  // commands of the line
  std::string reply_;
  Done done_;
};

// Cuts a line at ";". A backslash takes a character's meaning away.
std::deque<std::string> SplitCommands(std::string_view line);

}  // namespace lb::service

#endif  // LB_CONTROLPLANE_SERVICE_RUNTIME_DIALOGUE_H_
