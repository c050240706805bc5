#include "controlplane/service/runtime/dialogue.h"

#include <utility>

#include "common/base/check.h"

namespace lb::service {
namespace {

constexpr char kTooMuch[] = "The payload is too large.\n";

// The line before the mark of a payload, when it ends with one.
std::optional<std::string_view> BeforePayloadMark(std::string_view line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  if (line != "<<" && !line.ends_with(" <<")) return std::nullopt;
  return line.substr(0, line.size() - 2);
}

}  // namespace

std::deque<std::string> SplitCommands(std::string_view line) {
  std::deque<std::string> commands(1);
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == ';') {
      commands.emplace_back();
      continue;
    }
    commands.back() += line[i];
    if (line[i] == '\\' && i + 1 < line.size()) commands.back() += line[++i];
  }
  return commands;
}

void Dialogue::TakeLine(std::string_view line, Done done) {
  LB_CHECK(!done_);
  done_ = std::move(done);
  reply_.clear();
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (in_payload_) return TakePayload(line);
  if (const auto before = BeforePayloadMark(line); before.has_value()) {
    in_payload_ = true;
    payload_line_ = *before;
    payload_ = "";
    if (is_interactive_) reply_ = "+ ";
    EndLine();
    return;
  }
  waiting_ = SplitCommands(line);
  RunNext();
}

void Dialogue::TakePayload(std::string_view line) {
  if (line.empty()) {
    in_payload_ = false;
    waiting_ = SplitCommands(payload_line_);
    RunNext();
    return;
  }
  if (payload_->size() + line.size() > kMaxPayload) {
    Finish(kTooMuch, ReplyKind::kReply);
    wants_end_ = true;
  } else {
    payload_->append(line).push_back('\n');
    if (is_interactive_) reply_ = "+ ";
  }
  EndLine();
}

// Runs commands until one has to wait. A loop rather than recursion: a line may hold thousands.
void Dialogue::RunNext() {
  is_running_ = true;
  while (!waiting_.empty() && !wants_end_) {
    const std::string command = std::move(waiting_.front());
    waiting_.pop_front();
    was_answered_ = false;
    std::optional<std::string> payload;
    if (waiting_.empty()) payload = std::exchange(payload_, std::nullopt);
    auto answer = [self = shared_from_this()](std::string body, ReplyKind kind) {
      self->Finish(std::move(body), kind);
      self->was_answered_ = true;
      if (!self->is_running_) self->RunNext();
    };
    commands_->Run(command, &context_, std::move(answer), std::move(payload));
    if (!was_answered_) {
      is_running_ = false;
      return;
    }
  }
  is_running_ = false;
  waiting_.clear();
  EndLine();
}

void Dialogue::Finish(std::string body, ReplyKind kind) {
  if (kind == ReplyKind::kEnd) {
    wants_end_ = true;
    return;
  }
  if (kind == ReplyKind::kTogglePrompt) is_interactive_ = !is_interactive_;
  reply_ += body;
  reply_ += '\n';
  if (is_interactive_) reply_ += "> ";
}

void Dialogue::EndLine() {
  // `done_` may call TakeLine() again, or end the connection.
  const Done done = std::exchange(done_, nullptr);
  done(std::move(reply_));
}

}  // namespace lb::service
