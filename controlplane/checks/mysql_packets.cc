#include "controlplane/checks/mysql_packets.h"

namespace lb::checks {
namespace {

constexpr size_t kHeaderBytes = 4;        // three of length, one of sequence
constexpr size_t kMaxPacketBytes = 4096;  // greetings and errors are far smaller
constexpr uint8_t kErrorMark = 0xff;
constexpr uint8_t kQuitCommand = 0x01;

// CLIENT_PROTOCOL_41 and CLIENT_SECURE_CONNECTION; the rest of a 4.1 login's fixed part.
constexpr uint32_t kCapabilities41 = 0x00008200;
constexpr uint32_t kMaxPacket41 = 0x01008000;
constexpr uint8_t kUtf8GeneralCi = 33;
constexpr size_t kFillerBytes41 = 23;
constexpr uint16_t kCapabilities320 = 0x8000;

uint32_t Little(std::string_view bytes, size_t count) {
  uint32_t number = 0;
  for (size_t i = 0; i < count; ++i) number |= uint32_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
  return number;
}

void AppendLittle(std::string* out, uint32_t number, size_t count) {
  for (size_t i = 0; i < count; ++i) out->push_back(static_cast<char>(number >> (8 * i)));
}

void AppendPacket(std::string* out, uint8_t sequence, std::string_view payload) {
  AppendLittle(out, static_cast<uint32_t>(payload.size()), 3);
  out->push_back(static_cast<char>(sequence));
  out->append(payload);
}

// Sets everything but what a greeting and an answer differ in; `payload` is set when the packet
// is of neither kind so far.
MysqlPacket ReadPacket(std::string_view received, std::string_view* payload) {
  MysqlPacket packet;
  if (received.size() < kHeaderBytes) return packet;
  const size_t length = Little(received, 3);
  if (length == 0 || length > kMaxPacketBytes) {
    packet.kind = MysqlPacket::Kind::kBad;
    return packet;
  }
  if (received.size() < kHeaderBytes + length) return packet;
  packet.bytes = kHeaderBytes + length;
  *payload = received.substr(kHeaderBytes, length);
  packet.kind = MysqlPacket::Kind::kOther;
  if (static_cast<uint8_t>(payload->front()) != kErrorMark) return packet;
  packet.kind = MysqlPacket::Kind::kBad;
  if (length < 3) return packet;
  packet.kind = MysqlPacket::Kind::kError;
  packet.code = static_cast<int>(Little(payload->substr(1), 2));
  packet.text = std::string(payload->substr(3));
  return packet;
}

}  // namespace

MysqlPacket ReadMysqlAnswer(std::string_view received) {
  std::string_view payload;
  return ReadPacket(received, &payload);
}

MysqlPacket ReadMysqlGreeting(std::string_view received) {
  std::string_view payload;
  MysqlPacket packet = ReadPacket(received, &payload);
  if (packet.kind != MysqlPacket::Kind::kOther) return packet;
  packet.kind = MysqlPacket::Kind::kBad;
  const uint8_t protocol = static_cast<uint8_t>(payload.front());
  const size_t end = payload.find('\0', 1);
  if ((protocol != 9 && protocol != 10) || end == std::string_view::npos) return packet;
  packet.kind = MysqlPacket::Kind::kGreeting;
  packet.text = std::string(payload.substr(1, end - 1));
  return packet;
}

std::string BuildMysqlLogin(std::string_view user, bool is_pre_41) {
  std::string login;
  if (is_pre_41) {
    AppendLittle(&login, kCapabilities320, 2);
    AppendLittle(&login, 0x010000, 3);  // maximal packet
  } else {
    AppendLittle(&login, kCapabilities41, 4);
    AppendLittle(&login, kMaxPacket41, 4);
    login.push_back(static_cast<char>(kUtf8GeneralCi));
    login.append(kFillerBytes41, '\0');
  }
  login.append(user);
  login.push_back('\0');
  login.push_back('\0');  // an empty password
  std::string out;
  AppendPacket(&out, /*sequence=*/1, login);
  const char quit = static_cast<char>(kQuitCommand);
  AppendPacket(&out, /*sequence=*/0, {&quit, 1});
  return out;
}

}  // namespace lb::checks
