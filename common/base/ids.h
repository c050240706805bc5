// Stable 64-bit identities of configured objects: a pure function of the object's names, so every
// plane, revision and restart computes the same one without a registry.
//
// Two different names with one identity are refused when a snapshot is built.
#ifndef LB_COMMON_BASE_IDS_H_
#define LB_COMMON_BASE_IDS_H_

#include <cstdint>
#include <string_view>

namespace lb {

using FrontendId = uint64_t;
using BackendId = uint64_t;
using ServerId = uint64_t;

FrontendId FrontendIdOf(std::string_view frontend);
BackendId BackendIdOf(std::string_view backend);
ServerId ServerIdOf(std::string_view backend, std::string_view server);

}  // namespace lb

#endif  // LB_COMMON_BASE_IDS_H_
