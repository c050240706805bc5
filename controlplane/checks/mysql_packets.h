// The few MySQL packets a check needs, as pure functions over bytes.
// Source: MySQL internals manual, "Connection Phase": Protocol::Packet, HandshakeV10, HandshakeV9,
// HandshakeResponse41, HandshakeResponse320, ERR_Packet, COM_QUIT.
#ifndef LB_CONTROLPLANE_CHECKS_MYSQL_PACKETS_H_
#define LB_CONTROLPLANE_CHECKS_MYSQL_PACKETS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lb::checks {

struct MysqlPacket {
  enum class Kind : uint8_t {
    kPartial,   // not all of it is there
    kGreeting,  // `text` is the server's version
    kError,     // `code` and `text` (with its "#HY000" when the server sends one)
    kOther,     // any other answer, such as OK
    kBad,       // not MySQL
  };
  Kind kind = Kind::kPartial;
  int code = 0;
  std::string text;
  size_t bytes = 0;  // of the whole packet, when it is there
};

// Reads the first packet of `received`: the one that opens a connection, or an answer.
MysqlPacket ReadMysqlGreeting(std::string_view received);
MysqlPacket ReadMysqlAnswer(std::string_view received);

// A login of `user` without password (protocol 4.1, or the older one), followed by a QUIT, so
// that the server never counts an aborted connection.
std::string BuildMysqlLogin(std::string_view user, bool is_pre_41);

}  // namespace lb::checks

#endif  // LB_CONTROLPLANE_CHECKS_MYSQL_PACKETS_H_
