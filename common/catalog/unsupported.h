// The sample fetches and converters of HAProxy 2.6 that are not in the catalog: known by name, so
// that they are refused as what they are and not taken for a slip of the pen.
// Source: HAProxy configuration manual, sections 7.3.1 to 7.3.7.
#ifndef LB_COMMON_CATALOG_UNSUPPORTED_H_
#define LB_COMMON_CATALOG_UNSUPPORTED_H_

#include <span>
#include <string_view>

namespace lb::catalog {

// Sorted. "sc_..." stands for "sc0_...", "sc1_..." and "sc2_..." as well.
std::span<const std::string_view> UnsupportedFetches();
std::span<const std::string_view> UnsupportedConverters();

bool IsUnsupportedFetch(std::string_view name);
bool IsUnsupportedConverter(std::string_view name);

}  // namespace lb::catalog

#endif  // LB_COMMON_CATALOG_UNSUPPORTED_H_
