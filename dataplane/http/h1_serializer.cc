#include "dataplane/http/h1_serializer.h"

#include <charconv>
#include <cstring>

#include "dataplane/http/field_list.h"

namespace lb::http {

namespace {

// Room for everything written that is not text of the head: the version, the status, the framing
// fields (each at most once) and the empty line.
constexpr size_t kFixedBytes = 192;

char* Put(char* out, std::string_view text) {
  // The views of an empty text may be null.
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* PutNumber(char* out, uint64_t number) { return std::to_chars(out, out + 20, number).ptr; }

char* PutField(char* out, std::string_view name, std::string_view value) {
  out = Put(out, name);
  out = Put(out, ": ");
  out = Put(out, value);
  return Put(out, "\r\n");
}

size_t FieldsBytes(const HeaderList& headers) {
  size_t bytes = kFixedBytes;
  for (const Header& field : headers) bytes += field.name.size() + field.value.size() + 4;
  return bytes;
}

// Writes fields unchanged. Those that follow each other in memory as they do in a message, that is
// most of a head that was received, are copied together in one piece.
class FieldCopier {
 public:
  explicit FieldCopier(char* out) : out_(out) {}

  void Add(const Header& field) {
    if (!Continues(field)) {
      Flush();
      if (!IsLine(field)) {
        out_ = PutField(out_, field.name, field.value);
        return;
      }
      start_ = field.name.data();
    }
    end_ = field.value.data() + field.value.size();
  }

  // Everything is written up to the position returned; the caller goes on there.
  char* Flush() {
    if (start_ != nullptr) {
      out_ = Put(out_, {start_, static_cast<size_t>(end_ - start_)});
      out_ = Put(out_, "\r\n");
      start_ = nullptr;
    }
    return out_;
  }

  void GoOnAt(char* out) { out_ = out; }

 private:
  // Whether "name: value" stands so in memory. Only when the addresses fit are the bytes between
  // them looked at: they belong to the same text then.
  static bool IsLine(const Header& field) {
    const char* name_end = field.name.data() + field.name.size();
    return field.value.data() == name_end + 2 && std::memcmp(name_end, ": ", 2) == 0;
  }

  bool Continues(const Header& field) const {
    return start_ != nullptr && field.name.data() == end_ + 2 &&
           std::memcmp(end_, "\r\n", 2) == 0 && IsLine(field);
  }

  char* out_;
  const char* start_ = nullptr;  // of the lines to copy; null when there are none
  const char* end_ = nullptr;    // of the last one's value
};

// Writes the fields of a head as the plan says.
class FieldWriter {
 public:
  FieldWriter(const FramingPlan& plan, bool is_request, char* out)
      : plan_(plan), is_request_(is_request), copier_(out) {}

  char* Write(const HeaderList& headers) {
    if (plan_.case_map == nullptr) {
      for (const Header& field : headers) {
        if (field.id == HeaderId::kOther || IsCopied(field)) copier_.Add(field);
      }
    } else {
      AddAdjusted(headers);
    }
    out_ = copier_.Flush();
    if (plan_.framing == Framing::kLength && !has_framing_) WriteLength(Name("content-length"));
    if (plan_.framing == Framing::kChunked && !has_framing_) {
      WriteChunked(Name("transfer-encoding"));
    }
    WriteConnection();
    return Put(out_, "\r\n");
  }

 private:
  void AddAdjusted(const HeaderList& headers) {
    for (Header field : headers) {
      field.name = plan_.case_map->Adjust(field.name);
      if (field.id == HeaderId::kOther || IsCopied(field)) copier_.Add(field);
    }
  }

  // A name of the writer's own, as the plan wants it.
  std::string_view Name(std::string_view name) const {
    return plan_.case_map != nullptr ? plan_.case_map->Adjust(name) : name;
  }

  // Whether a field that the proxy knows stands as it is. Writes what stands in its place if not.
  bool IsCopied(const Header& field) {
    switch (field.id) {
      case HeaderId::kConnection:
      case HeaderId::kKeepAlive:
      case HeaderId::kProxyConnection:
        return false;
      case HeaderId::kUpgrade:
        return plan_.connection == ConnectionField::kUpgrade;
      case HeaderId::kTe:
        has_te_ = is_request_;
        return is_request_;
      case HeaderId::kContentLength:
        if (plan_.keep_length_fields) return true;
        if (plan_.framing == Framing::kLength && !has_framing_) {
          out_ = copier_.Flush();
          WriteLength(field.name);
          copier_.GoOnAt(out_);
        }
        return false;
      case HeaderId::kTransferEncoding:
        if (plan_.keep_length_fields) return true;
        if (plan_.framing == Framing::kChunked && !has_framing_) {
          out_ = copier_.Flush();
          WriteChunked(field.name);
          copier_.GoOnAt(out_);
        }
        return false;
      default:
        return true;
    }
  }

  void WriteLength(std::string_view name) {
    out_ = Put(out_, name);
    out_ = Put(out_, ": ");
    out_ = PutNumber(out_, plan_.content_length);
    out_ = Put(out_, "\r\n");
    has_framing_ = true;
  }

  void WriteChunked(std::string_view name) {
    out_ = PutField(out_, name, "chunked");
    has_framing_ = true;
  }

  // TE belongs to the connection and must be listed (RFC 9110 section 10.1.4).
  void WriteConnection() {
    std::string_view option;
    switch (plan_.connection) {
      case ConnectionField::kAbsent:
        if (has_te_) out_ = PutField(out_, Name("connection"), "TE");
        return;
      case ConnectionField::kKeepAlive:
        option = "keep-alive";
        break;
      case ConnectionField::kClose:
        option = "close";
        break;
      case ConnectionField::kUpgrade:
        option = "upgrade";
        break;
    }
    out_ = Put(out_, Name("connection"));
    out_ = Put(out_, ": ");
    out_ = Put(out_, option);
    out_ = Put(out_, has_te_ ? ", TE\r\n" : "\r\n");
  }

  const FramingPlan& plan_;
  const bool is_request_;
  FieldCopier copier_;
  char* out_ = nullptr;
  bool has_framing_ = false;
  bool has_te_ = false;
};

// Appends at most `bound` bytes that `write(char*)` writes.
template <typename Write>
void AppendBounded(size_t bound, std::string* out, Write write) {
  size_t before = out->size();
  out->resize(before + bound);
  out->resize(before + write(out->data() + before));
}

bool MayBeListed(const Header& field) {
  switch (field.id) {
    case HeaderId::kHost:
    case HeaderId::kCookie:
    case HeaderId::kAuthorization:
    case HeaderId::kXForwardedFor:
    case HeaderId::kContentLength:
    case HeaderId::kTransferEncoding:
    case HeaderId::kTrailer:
    case HeaderId::kTe:
    case HeaderId::kUpgrade:
    case HeaderId::kConnection:
      return false;
    default:
      return true;
  }
}

// Whether a Connection option names a field that must go. The usual options name none.
bool NamesField(std::string_view option) {
  return !EqualsIgnoreCase(option, "close") && !EqualsIgnoreCase(option, "keep-alive") &&
         !EqualsIgnoreCase(option, "upgrade") && !EqualsIgnoreCase(option, "te");
}

// Marks the fields to go by an empty name first, so that lists of many options stay cheap.
void RemoveListed(HeaderList* headers) {
  for (const Header& connection : *headers) {
    if (connection.id != HeaderId::kConnection) continue;
    for (std::string_view option : ListMembers(connection.value)) {
      if (!NamesField(option)) continue;
      for (Header& field : *headers) {
        if (MayBeListed(field) && EqualsIgnoreCase(field.name, option)) field.name = {};
      }
    }
  }
  headers->RemoveIf([](const Header& field) { return field.name.empty(); });
}

}  // namespace

FramingPlan PlanRequest(const RequestHead& request, ConnectionField connection) {
  if (request.version_minor == 0 && connection == ConnectionField::kAbsent) {
    connection = ConnectionField::kKeepAlive;
  }
  return {.framing = request.framing,
          .content_length = request.content_length,
          .connection = connection};
}

FramingPlan PlanResponse(const ResponseHead& response, const RequestContext& context,
                         const ClientSide& client) {
  FramingPlan plan{.framing = response.framing, .content_length = response.content_length};
  if (response.status == 101) {
    plan.connection = ConnectionField::kUpgrade;
    return plan;
  }
  if (response.is_informational() || response.framing == Framing::kTunnel) return plan;
  plan.keep_length_fields =
      response.framing == Framing::kNone && (context.is_head || response.status == 304);
  if (plan.framing == Framing::kChunked && client.version_minor == 0) {
    plan.framing = Framing::kUntilClose;
  }
  if (!client.keep_alive || !client.may_stay_open || plan.framing == Framing::kUntilClose) {
    plan.connection = ConnectionField::kClose;
  } else if (client.version_minor == 0) {
    plan.connection = ConnectionField::kKeepAlive;
  }
  return plan;
}

bool StaysOpen(const FramingPlan& plan) {
  return plan.framing != Framing::kTunnel && plan.framing != Framing::kUntilClose &&
         (plan.connection == ConnectionField::kAbsent ||
          plan.connection == ConnectionField::kKeepAlive);
}

void RemoveHopByHop(HeaderList* headers, UpgradeField upgrade) {
  bool any = false;
  bool connection = false;
  for (Header& field : *headers) {
    connection |= field.id == HeaderId::kConnection;
    any |= field.id == HeaderId::kKeepAlive || field.id == HeaderId::kProxyConnection ||
           field.id == HeaderId::kTe || field.id == HeaderId::kUpgrade;
  }
  if (connection) RemoveListed(headers);
  if (!connection && !any) return;
  bool te_seen = false;
  headers->RemoveIf([&te_seen, upgrade](const Header& field) {
    switch (field.id) {
      case HeaderId::kConnection:
      case HeaderId::kKeepAlive:
      case HeaderId::kProxyConnection:
        return true;
      case HeaderId::kUpgrade:
        return upgrade == UpgradeField::kRemove;
      case HeaderId::kTe: {
        bool keep = !te_seen && ListHasToken(field.value, "trailers");
        te_seen |= keep;
        return !keep;
      }
      default:
        return false;
    }
  });
  for (Header& field : *headers) {
    if (field.id == HeaderId::kTe) field.value = "trailers";
  }
}

size_t RequestHeadBytes(const RequestHead& head) {
  return head.method.size() + head.target.size() + FieldsBytes(head.headers);
}

size_t ResponseHeadBytes(const ResponseHead& head) {
  return head.reason.size() + FieldsBytes(head.headers);
}

size_t WriteRequestHead(const RequestHead& head, const FramingPlan& plan, char* out) {
  char* at = Put(out, head.method);
  *at++ = ' ';
  at = Put(at, head.target);
  at = Put(at, head.version_minor == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  FieldWriter writer(plan, /*is_request=*/true, at);
  return static_cast<size_t>(writer.Write(head.headers) - out);
}

size_t WriteResponseHead(const ResponseHead& head, const FramingPlan& plan, char* out) {
  char* at = Put(out, "HTTP/1.1 ");
  at = PutNumber(at, head.status);
  *at++ = ' ';
  at = Put(at, head.reason);
  at = Put(at, "\r\n");
  FieldWriter writer(plan, /*is_request=*/false, at);
  return static_cast<size_t>(writer.Write(head.headers) - out);
}

void AppendRequestHead(const RequestHead& head, const FramingPlan& plan, std::string* out) {
  AppendBounded(RequestHeadBytes(head), out,
                [&](char* at) { return WriteRequestHead(head, plan, at); });
}

void AppendResponseHead(const ResponseHead& head, const FramingPlan& plan, std::string* out) {
  AppendBounded(ResponseHeadBytes(head), out,
                [&](char* at) { return WriteResponseHead(head, plan, at); });
}

size_t WriteChunkHeader(char* out, uint64_t size) {
  char* end = std::to_chars(out, out + 16, size, 16).ptr;
  return static_cast<size_t>(Put(end, "\r\n") - out);
}

void AppendLastChunk(const HeaderList& trailers, std::string* out, const CaseMap* case_map) {
  out->append("0\r\n");
  for (const Header& field : trailers) {
    const std::string_view name =
        case_map != nullptr ? case_map->Adjust(field.name) : std::string_view(field.name);
    out->append(name).append(": ").append(field.value).append("\r\n");
  }
  out->append("\r\n");
}

std::string_view ReasonPhrase(uint16_t status) {
  struct Phrase {
    uint16_t status;
    std::string_view text;
  };
  static constexpr Phrase kPhrases[] = {
      {100, "Continue"},
      {101, "Switching Protocols"},
      {103, "Early Hints"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {203, "Non-Authoritative Information"},
      {204, "No Content"},
      {205, "Reset Content"},
      {206, "Partial Content"},
      {300, "Multiple Choices"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {402, "Payment Required"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {407, "Proxy Authentication Required"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {425, "Too Early"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {451, "Unavailable For Legal Reasons"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {511, "Network Authentication Required"},
  };
  static constexpr std::string_view kClasses[] = {"Informational", "Success", "Redirection",
                                                  "Client Error", "Server Error"};
  for (const Phrase& phrase : kPhrases) {
    if (phrase.status == status) return phrase.text;
  }
  return status >= 100 && status < 600 ? kClasses[status / 100 - 1] : "Other";
}

}  // namespace lb::http
