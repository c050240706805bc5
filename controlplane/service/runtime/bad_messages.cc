#include "controlplane/service/runtime/bad_messages.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "controlplane/service/runtime/command_call.h"
#include "controlplane/service/runtime/commands.h"
#include "controlplane/service/runtime/lookup.h"

namespace lb::service {
namespace {

// Of what a line of bytes holds before the line feed that ends its output.
constexpr size_t kLineWidth = 79;

// "22/Nov/2026:17:32:35.815", local time.
std::string DateOf(int64_t unix_ms) {
  const auto seconds = static_cast<time_t>(unix_ms / 1000);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char text[64];
  const size_t bytes = std::strftime(text, sizeof(text), "%d/%b/%Y:%H:%M:%S", &parts);
  return absl::StrFormat("%s.%03d", std::string(text, bytes), static_cast<int>(unix_ms % 1000));
}

// -1: none, or gone since.
int64_t NumberOfProxy(const v1::Snapshot& snapshot, const std::string& name, bool is_frontend) {
  if (is_frontend) {
    for (const v1::Frontend& frontend : snapshot.frontends()) {
      if (frontend.common().name() == name) return frontend.common().proxy_number();
    }
  } else if (const v1::Backend* backend = FindBackend(snapshot, name); backend != nullptr) {
    return backend->common().proxy_number();
  }
  return -1;
}

int64_t NumberOfServer(const v1::Snapshot& snapshot, const v1::BadMessage& message) {
  const v1::Backend* backend = FindBackend(snapshot, message.backend());
  if (backend == nullptr) return -1;
  for (const v1::Server& server : backend->servers()) {
    if (server.name() == message.server()) return server.number();
  }
  return -1;
}

// Of a name, or of digits, which need not be anybody's.
std::optional<int64_t> ParseProxy(const v1::Snapshot& snapshot, const std::string& word) {
  int64_t number = 0;
  if (absl::SimpleAtoi(word, &number)) return number;
  for (bool is_frontend : {true, false}) {
    number = NumberOfProxy(snapshot, word, is_frontend);
    if (number >= 0) return number;
  }
  return std::nullopt;
}

std::string Named(const std::string& name, int64_t number) {
  return absl::StrCat(name.empty() ? "<NONE>" : name, " (#", number, ")");
}

std::string Escaped(char c) {
  switch (c) {
    case '\t':
      return "\\t";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\x1b':
      return "\\e";
    case '\\':
      return "\\\\";
    default:
      break;
  }
  if (c >= ' ' && c <= '~') return std::string(1, c);
  return absl::StrFormat("\\x%02X", static_cast<unsigned char>(c));
}

struct Entry {
  const v1::BadMessage* message;
  int64_t frontend;
  int64_t backend;
  int64_t proxy() const { return message->is_response() ? backend : frontend; }
};

std::string DumpEntry(const v1::Snapshot& snapshot, const Entry& entry) {
  const v1::BadMessage& message = *entry.message;
  const std::string frontend = Named(message.frontend(), entry.frontend);
  const std::string backend = Named(message.backend(), entry.backend);
  std::string text = absl::StrCat(
      " \n[", DateOf(message.at_unix_ms()), "] ", message.is_response() ? "backend " : "frontend ",
      message.is_response() ? backend : frontend, ": invalid ",
      message.is_response() ? "response" : "request", "\n  ",
      message.is_response() ? "frontend " : "backend ", message.is_response() ? frontend : backend,
      ", server ", Named(message.server(), NumberOfServer(snapshot, message)), ", event #",
      message.event(), ", src ", message.source(), "\n  data plane ", message.node(),
      ", session 0x", absl::Hex(message.session_id()), ", ",
      message.is_http2() ? "HTTP/2" : "HTTP/1", "\n  ");
  if (message.bytes().empty()) return absl::StrCat(text, message.reason(), "\n");
  absl::StrAppend(&text, "len ", message.bytes().size(), ", error at position ", message.position(),
                  ": ", message.reason(), "\n  \n");
  return text + DumpBytes(message.bytes());
}

}  // namespace

std::string DumpBytes(std::string_view bytes) {
  std::string text;
  bool goes_on = false;
  for (size_t at = 0; at < bytes.size();) {
    std::string line = absl::StrFormat("  %05d%c ", at, goes_on ? '+' : ' ');
    goes_on = true;
    while (at < bytes.size()) {
      const std::string shown = Escaped(bytes[at]);
      if (line.size() + shown.size() > kLineWidth) break;
      line += shown;
      if (bytes[at++] != '\n') continue;
      goes_on = false;
      break;
    }
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

std::string DumpBadMessages(const v1::Snapshot& snapshot, const BadMessages& all,
                            const BadMessageFilter& filter, int64_t now_unix_ms) {
  std::string text =
      absl::StrCat("Total events captured on [", DateOf(now_unix_ms), "] : ", all.total, "\n");
  std::vector<Entry> entries;
  for (const v1::BadMessage& message : all.messages) {
    if (message.is_response() ? !filter.responses : !filter.requests) continue;
    const Entry entry{&message, NumberOfProxy(snapshot, message.frontend(), /*is_frontend=*/true),
                      NumberOfProxy(snapshot, message.backend(), /*is_frontend=*/false)};
    if (filter.proxy >= 0 && entry.frontend != filter.proxy && entry.backend != filter.proxy) {
      continue;
    }
    entries.push_back(entry);
  }
  std::ranges::stable_sort(entries, {}, [](const Entry& entry) {
    return std::tuple(entry.proxy(), entry.message->is_response(), entry.message->node());
  });
  for (const Entry& entry : entries) text += DumpEntry(snapshot, entry);
  return text;
}

void RuntimeCommands::ShowErrors(const Call& call) {
  backend_->GetView(RuntimeBackend::Needs::kConfigAndStates, [this, call](const RuntimeView& view) {
    BadMessageFilter filter;
    const std::string proxy = call.Word(2);
    if (!proxy.empty() && proxy != "-1") {
      const std::optional<int64_t> number = ParseProxy(*view.snapshot, proxy);
      if (!number.has_value()) return call.Say("No such proxy.\n");
      filter.proxy = *number;
    }
    if (call.Word(3) == "request") filter.responses = false;
    if (call.Word(3) == "response") filter.requests = false;
    backend_->ListBadMessages(
        [this, call, filter, snapshot = view.snapshot](const BadMessages& all) {
          const auto now = clock_->WallNow().time_since_epoch();
          const int64_t now_unix_ms = std::chrono::duration_cast<Millis>(now).count();
          call.Say(DumpBadMessages(*snapshot, all, filter, now_unix_ms));
        });
  });
}

}  // namespace lb::service
