// Fetches of what a TCP client sends first, before it is relayed.
// Source: HAProxy configuration manual, section 7.3.5.
#include <charconv>

#include "dataplane/rules/client_hello.h"
#include "dataplane/rules/functions.h"

namespace lb::rules {
namespace {

// More bytes may change what these give; in HTTP mode they do not see the bytes that come.
void NoteUndecided(TxnContext& context) {
  context.may_change = context.awaits_content && context.request == nullptr;
}

// Nothing yet: more bytes may bring it.
Sample NotYet(TxnContext& context) {
  NoteUndecided(context);
  return Sample();
}

Sample ContentLength(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  NoteUndecided(context);
  return Sample::Int(static_cast<int64_t>(context.content_bytes));
}

Sample Payload(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  if (args.number[0] < 0 || args.number[1] < 0) return Sample();
  const auto offset = static_cast<size_t>(args.number[0]);
  const auto length = static_cast<size_t>(args.number[1]);
  if (offset > context.content.size() || length > context.content.size() - offset) {
    return NotYet(context);
  }
  if (length != 0) return Sample::Bytes(context.content.substr(offset, length));
  NoteUndecided(context);
  return Sample::Bytes(context.content.substr(offset));
}

// The second offset: absolute, or relative to `behind` with a sign. Below 0: before the bytes.
int64_t StartOf(const ProgramArgs& args, int64_t behind) {
  if (!args.has(2)) return behind;
  std::string_view text = args.text[2];
  const bool is_relative = text.front() == '+' || text.front() == '-';
  if (text.front() == '+') text.remove_prefix(1);
  int64_t offset = 0;
  std::from_chars(text.data(), text.data() + text.size(), offset);
  return is_relative ? behind + offset : offset;
}

Sample PayloadWithLength(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  const std::string_view content = context.content;
  if (args.number[0] < 0 || args.number[1] < 1 || args.number[1] > 4) return Sample();
  const auto at = static_cast<size_t>(args.number[0]);
  const auto width = static_cast<size_t>(args.number[1]);
  if (at > content.size() || width > content.size() - at) return NotYet(context);
  size_t length = 0;
  for (char c : content.substr(at, width)) length = length << 8 | static_cast<uint8_t>(c);
  const int64_t start = StartOf(args, static_cast<int64_t>(at + width));
  if (start < 0 || length == 0) return Sample();
  const auto from = static_cast<size_t>(start);
  if (from > content.size() || length > content.size() - from) return NotYet(context);
  return Sample::Bytes(content.substr(from, length));
}

Sample IsRequest(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return context.request != nullptr ? Sample::Bool(true) : Sample();
}

Sample IsInspectionOver(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  if (!context.awaits_content) return Sample::Bool(true);
  context.may_change = true;
  return Sample();
}

// What `read(hello)` gives, once there is a whole ClientHello.
template <typename Read>
Sample OfHello(TxnContext& context, Read read) {
  std::string copy;
  ClientHello hello;
  switch (ParseClientHello(context.content, &copy, &hello)) {
    case HelloOutcome::kMore:
      return NotYet(context);
    case HelloOutcome::kNotHello:
      return Sample();
    case HelloOutcome::kDone:
      break;
  }
  // Texts of a hello in several records lie in the copy.
  if (!copy.empty()) {
    hello.server_name = context.arena->Copy(hello.server_name);
    hello.first_protocol = context.arena->Copy(hello.first_protocol);
  }
  return read(hello);
}

Sample HelloType(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return OfHello(context, [](const ClientHello&) { return Sample::Int(1); });
}
Sample HelloVersion(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return OfHello(context, [](const ClientHello& hello) {
    return Sample::Int((hello.version >> 8) << 16 | (hello.version & 0xff));
  });
}
Sample HelloServerName(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return OfHello(context, [](const ClientHello& hello) {
    return hello.server_name.empty() ? Sample() : Sample::Text(hello.server_name);
  });
}
Sample HelloProtocol(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return OfHello(context, [](const ClientHello& hello) {
    return hello.first_protocol.empty() ? Sample() : Sample::Text(hello.first_protocol);
  });
}
Sample HelloHasCurves(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return OfHello(context, [](const ClientHello& hello) {
    return hello.has_supported_groups ? Sample::Bool(true) : Sample();
  });
}
Sample HelloTicket(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return OfHello(context, [](const ClientHello& hello) {
    return Sample::Int(static_cast<int64_t>(hello.session_ticket));
  });
}

constexpr NamedFetch kContentFetches[] = {
    {"req.len", ContentLength},
    {"req.payload", Payload},
    {"req.payload_lv", PayloadWithLength},
    {"req.proto_http", IsRequest},
    {"req.ssl_alpn", HelloProtocol},
    {"req.ssl_ec_ext", HelloHasCurves},
    {"req.ssl_hello_type", HelloType},
    {"req.ssl_sni", HelloServerName},
    {"req.ssl_st_ext", HelloTicket},
    {"req.ssl_ver", HelloVersion},
    {"wait_end", IsInspectionOver},
};

}  // namespace

std::span<const NamedFetch> ContentFetches() { return kContentFetches; }

}  // namespace lb::rules
