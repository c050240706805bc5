#include "common/snapshot/hash.h"

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

#include "common/base/check.h"

namespace lb {
namespace {

// Maps in the order of their keys; fields are in order always.
std::string SerializeDeterministically(const v1::Snapshot& snapshot) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  {
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    snapshot.SerializeWithCachedSizes(&coded);
  }
  return bytes;
}

std::string Sha256Hex(const std::string& bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  LB_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(),
                      /*impl=*/nullptr) == 1);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) {
    hex.push_back(kDigits[digest[i] >> 4]);
    hex.push_back(kDigits[digest[i] & 15]);
  }
  return hex;
}

}  // namespace

v1::Snapshot StripForDataPlane(v1::Snapshot snapshot) {
  for (v1::Backend& backend : *snapshot.mutable_backends()) {
    for (v1::Server& server : *backend.mutable_servers()) server.clear_health_check();
  }
  return snapshot;
}

std::string SnapshotHash(const v1::Snapshot& snapshot) {
  v1::Snapshot stripped = StripForDataPlane(snapshot);
  stripped.clear_revision();
  stripped.clear_hash();
  stripped.ByteSizeLong();  // fills the sizes that serialization reads
  return Sha256Hex(SerializeDeterministically(stripped));
}

}  // namespace lb
