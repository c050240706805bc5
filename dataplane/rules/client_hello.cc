#include "dataplane/rules/client_hello.h"

namespace lb::rules {
namespace {

constexpr size_t kRecordHeadBytes = 5;
constexpr size_t kMaxRecordBytes = 16384 + 256;
constexpr size_t kHandshakeHeadBytes = 4;
constexpr uint8_t kHandshakeRecord = 22;
constexpr uint8_t kClientHelloMessage = 1;

constexpr uint16_t kServerName = 0;
constexpr uint16_t kSupportedGroups = 10;
constexpr uint16_t kProtocols = 16;
constexpr uint16_t kSessionTicket = 35;

// Reads fields off the front of a text; everything is empty or 0 once it ran out.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : rest_(bytes) {}

  size_t Number(size_t width) {
    size_t value = 0;
    for (char c : Take(width)) value = value << 8 | static_cast<uint8_t>(c);
    return value;
  }
  std::string_view Take(size_t bytes) {
    if (bytes > rest_.size()) {
      is_short_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }
  // What a length of `width` bytes precedes.
  std::string_view TakeCounted(size_t width) { return Take(Number(width)); }
  bool is_empty() const { return rest_.empty(); }
  bool is_short() const { return is_short_; }

 private:
  std::string_view rest_;
  bool is_short_ = false;
};

void ReadServerName(std::string_view value, ClientHello* hello) {
  FieldReader names(FieldReader(value).TakeCounted(2));
  while (!names.is_empty()) {
    const size_t type = names.Number(1);
    const std::string_view name = names.TakeCounted(2);
    if (type != 0 || names.is_short()) continue;
    hello->server_name = name;
    return;
  }
}

void ReadExtension(size_t type, std::string_view value, ClientHello* hello) {
  if (type == kServerName) ReadServerName(value, hello);
  if (type == kSupportedGroups) hello->has_supported_groups = true;
  if (type == kProtocols) {
    hello->first_protocol = FieldReader(FieldReader(value).TakeCounted(2)).TakeCounted(1);
  }
  if (type == kSessionTicket) {
    hello->session_ticket = value.empty() ? SessionTicket::kEmpty : SessionTicket::kPresent;
  }
}

// The message's body. False: it does not hold together.
bool ReadBody(std::string_view body, ClientHello* hello) {
  FieldReader fields(body);
  hello->version = static_cast<uint16_t>(fields.Number(2));
  fields.Take(32);        // random
  fields.TakeCounted(1);  // session id
  fields.TakeCounted(2);  // cipher suites
  fields.TakeCounted(1);  // compression methods
  if (fields.is_short()) return false;
  if (fields.is_empty()) return true;
  FieldReader extensions(fields.TakeCounted(2));
  while (!extensions.is_empty()) {
    const size_t type = extensions.Number(2);
    const std::string_view value = extensions.TakeCounted(2);
    if (extensions.is_short()) return false;
    ReadExtension(type, value, hello);
  }
  return !fields.is_short() && fields.is_empty();
}

// Whether the message that begins with `start` can be a hello of a bearable size.
bool MayBeHello(std::string_view start) {
  if (start.empty()) return true;
  if (static_cast<uint8_t>(start[0]) != kClientHelloMessage) return false;
  return start.size() < kHandshakeHeadBytes ||
         FieldReader(start.substr(1)).Number(3) + kHandshakeHeadBytes <= kMaxClientHelloBytes;
}

// The whole message's length, once its head is there; else more than there can be.
size_t MessageBytes(std::string_view start) {
  if (start.size() < kHandshakeHeadBytes) return kMaxClientHelloBytes + 1;
  return FieldReader(start.substr(1)).Number(3) + kHandshakeHeadBytes;
}

}  // namespace

HelloOutcome ParseClientHello(std::string_view bytes, std::string* scratch, ClientHello* hello) {
  *hello = ClientHello();
  std::string_view message;  // what there is of it, of one record or in the scratch
  for (bool is_first = true;; is_first = false) {
    if (!bytes.empty() && static_cast<uint8_t>(bytes[0]) != kHandshakeRecord) {
      return HelloOutcome::kNotHello;
    }
    if (bytes.size() > 1 && bytes[1] != 3) return HelloOutcome::kNotHello;
    if (bytes.size() < kRecordHeadBytes) return HelloOutcome::kMore;
    const size_t length = FieldReader(bytes.substr(3)).Number(2);
    if (length == 0 || length > kMaxRecordBytes) return HelloOutcome::kNotHello;
    const std::string_view part = bytes.substr(kRecordHeadBytes, length);
    if (is_first) {
      message = part;
    } else {
      scratch->append(part);
      message = *scratch;
    }
    if (!MayBeHello(message)) return HelloOutcome::kNotHello;
    const size_t whole = MessageBytes(message);
    if (message.size() >= whole) {
      const std::string_view body = message.substr(0, whole).substr(kHandshakeHeadBytes);
      return ReadBody(body, hello) ? HelloOutcome::kDone : HelloOutcome::kNotHello;
    }
    if (part.size() < length) return HelloOutcome::kMore;
    if (is_first) scratch->assign(part);
    bytes.remove_prefix(kRecordHeadBytes + length);
  }
}

}  // namespace lb::rules
