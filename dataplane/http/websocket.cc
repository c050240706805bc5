#include "dataplane/http/websocket.h"

#include <openssl/evp.h>

#include <array>
#include <cstring>

namespace lb::http {
namespace {

std::string Base64Of(const unsigned char* bytes, size_t size) {
  std::string text((size + 2) / 3 * 4 + 1, '\0');  // and a NUL
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, static_cast<int>(size));
  text.resize(static_cast<size_t>(length));
  return text;
}

uint64_t Mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

bool IsWebSocketUpgrade(const RequestHead& head) {
  if (!head.wants_upgrade || head.method != "GET" || head.framing != Framing::kNone) return false;
  const Header* upgrade = head.headers.Find(HeaderId::kUpgrade);
  return upgrade != nullptr && EqualsIgnoreCase(upgrade->value, "websocket");
}

std::string WebSocketKey(uint64_t seed) {
  const std::array<uint64_t, 2> words = {Mix(seed), Mix(seed + 0x9e3779b97f4a7c15)};
  unsigned char bytes[16];
  std::memcpy(bytes, words.data(), sizeof(bytes));
  return Base64Of(bytes, sizeof(bytes));
}

std::string WebSocketAccept(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  return Base64Of(digest, size);
}

}  // namespace lb::http
