// The catalog's tables, private to this room. One row is one entry of the language; rows are in the
// order of the reference page: state, connection, request, response, then both.
#ifndef LB_COMMON_CATALOG_TABLES_H_
#define LB_COMMON_CATALOG_TABLES_H_

#include <span>

#include "common/catalog/catalog.h"

namespace lb::catalog {

extern const std::span<const Fetch> kFetches;
extern const std::span<const Alias> kAliases;
extern const std::span<const Converter> kConverters;

}  // namespace lb::catalog

#endif  // LB_COMMON_CATALOG_TABLES_H_
