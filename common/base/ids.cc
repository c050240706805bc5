#include "common/base/ids.h"

#include <initializer_list>

namespace lb {
namespace {

// FNV-1a over the parts, each ended by a zero byte (names hold none), then the murmur3 finalizer.
// The values are stored on disk and sent between versions: this function must never change.
uint64_t Fingerprint(std::initializer_list<std::string_view> parts) {
  uint64_t h = 0xcbf29ce484222325u;
  for (std::string_view part : parts) {
    for (unsigned char c : part) h = (h ^ c) * 0x100000001b3u;
    h = (h ^ 0u) * 0x100000001b3u;
  }
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdu;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53u;
  h ^= h >> 33;
  return h;
}

}  // namespace

FrontendId FrontendIdOf(std::string_view frontend) { return Fingerprint({"frontend", frontend}); }
BackendId BackendIdOf(std::string_view backend) { return Fingerprint({"backend", backend}); }
ServerId ServerIdOf(std::string_view backend, std::string_view server) {
  return Fingerprint({"server", backend, server});
}

}  // namespace lb
