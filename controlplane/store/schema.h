// The tables of the store, as a list of migrations: file version N is the first N of them applied.
// A migration that has been released is never edited; a change is a new one at the end.
#ifndef LB_CONTROLPLANE_STORE_SCHEMA_H_
#define LB_CONTROLPLANE_STORE_SCHEMA_H_

#include <span>

#include "absl/status/status.h"

#include "controlplane/store/sqlite.h"

namespace lb::store {

// Marks a file as ours (SQLite's "application_id"): "lbst".
inline constexpr int kApplicationId = 0x6c627374;

// Each is one or several SQL statements.
std::span<const char* const> Migrations();

// Refuses a damaged file, another program's, and one that is newer than `migrations`.
absl::Status CheckSchema(Database* db, std::span<const char* const> migrations);

// Applies what is missing, each migration as one transaction, which a crash undoes as a whole.
absl::Status Migrate(Database* db, std::span<const char* const> migrations);

}  // namespace lb::store

#endif  // LB_CONTROLPLANE_STORE_SCHEMA_H_
