// SqliteStore: the StateStore in one SQLite file (write-ahead log, synchronous=FULL).
// The tables are in schema.h. One thread at a time.
#ifndef LB_CONTROLPLANE_STORE_SQLITE_STORE_H_
#define LB_CONTROLPLANE_STORE_SQLITE_STORE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "controlplane/store/state_store.h"

namespace lb::store {

class SqliteStore {
 public:
  enum class Access { kReadWrite, kReadOnly };

  // Opens the file at `path`, making it (0600) and bringing its tables up to date when `access`
  // allows. Errors: not writable, not a database, damaged, some other program's database, or
  // written by a newer version of this program.
  static absl::StatusOr<std::unique_ptr<StateStore>> Open(const std::string& path,
                                                          Access access = Access::kReadWrite);
};

}  // namespace lb::store

#endif  // LB_CONTROLPLANE_STORE_SQLITE_STORE_H_
