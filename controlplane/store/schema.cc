#include "controlplane/store/schema.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"

#include "common/base/status.h"

namespace lb::store {
namespace {

// AUTOINCREMENT: a number is not used again after its row was pruned.
constexpr const char* kMigrations[] = {
    R"sql(
CREATE TABLE revision (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL,
  author TEXT NOT NULL,
  message TEXT NOT NULL,
  created_unix_ms INTEGER NOT NULL,
  outcome TEXT NOT NULL
);
CREATE TABLE revision_file (
  revision INTEGER NOT NULL REFERENCES revision(number) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  path TEXT NOT NULL,
  text BLOB NOT NULL,
  PRIMARY KEY (revision, position)
) WITHOUT ROWID;
CREATE TABLE server_override (
  backend TEXT NOT NULL,
  server TEXT NOT NULL,
  kind INTEGER NOT NULL,
  value TEXT NOT NULL,
  origin TEXT NOT NULL,
  set_unix_ms INTEGER NOT NULL,
  PRIMARY KEY (backend, server, kind)
) WITHOUT ROWID;
CREATE TABLE event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at_unix_ms INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  origin TEXT NOT NULL
);
CREATE INDEX event_by_subject ON event(subject, id);
CREATE INDEX event_by_time ON event(at_unix_ms);
CREATE TABLE node (
  node TEXT PRIMARY KEY,
  node_group TEXT NOT NULL,
  version TEXT NOT NULL,
  peer TEXT NOT NULL,
  instance INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  stage TEXT NOT NULL,
  is_connected INTEGER NOT NULL,
  since_unix_ms INTEGER NOT NULL,
  last_seen_unix_ms INTEGER NOT NULL,
  last_error TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE server (
  backend TEXT NOT NULL,
  server TEXT NOT NULL,
  status TEXT NOT NULL,
  health INTEGER NOT NULL,
  last_change_unix_ms INTEGER NOT NULL,
  failed_checks INTEGER NOT NULL,
  down_transitions INTEGER NOT NULL,
  downtime_seconds INTEGER NOT NULL,
  check_status TEXT NOT NULL,
  check_code INTEGER NOT NULL,
  check_duration_ms INTEGER NOT NULL,
  last_check TEXT NOT NULL,
  PRIMARY KEY (backend, server)
) WITHOUT ROWID;
)sql",
    // Time first: a minute's rows are written together and pruned together.
    R"sql(
CREATE TABLE minute (
  at_unix_ms INTEGER NOT NULL,
  proxy TEXT NOT NULL,
  name TEXT NOT NULL,
  sessions INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  bytes_in INTEGER NOT NULL,
  bytes_out INTEGER NOT NULL,
  responses_4xx INTEGER NOT NULL,
  responses_5xx INTEGER NOT NULL,
  denied INTEGER NOT NULL,
  request_errors INTEGER NOT NULL,
  connect_errors INTEGER NOT NULL,
  response_errors INTEGER NOT NULL,
  max_queue INTEGER NOT NULL,
  failed_checks INTEGER NOT NULL,
  PRIMARY KEY (at_unix_ms, proxy, name)
) WITHOUT ROWID;
CREATE INDEX minute_by_name ON minute(proxy, name, at_unix_ms);
)sql",
};

absl::StatusOr<int64_t> ReadNumber(Database* db, const char* sql) {
  Query query(db, sql);
  const int64_t number = query.Next() ? query.Int(0) : 0;
  LB_RETURN_IF_ERROR(query.status());
  return number;
}

absl::Status Refuse(absl::StatusCode code, const Database& db, std::string_view why) {
  return absl::Status(code, absl::StrCat("state '", db.path(), "': ", std::string(why)));
}

}  // namespace

std::span<const char* const> Migrations() { return kMigrations; }

absl::Status CheckSchema(Database* db, std::span<const char* const> migrations) {
  LB_ASSIGN_OR_RETURN(const int64_t id, ReadNumber(db, "PRAGMA application_id"));
  LB_ASSIGN_OR_RETURN(const int64_t tables, ReadNumber(db, "SELECT count(*) FROM sqlite_schema"));
  if (id != kApplicationId && (id != 0 || tables != 0)) {
    return Refuse(absl::StatusCode::kFailedPrecondition, *db,
                  "a database of some other program; expected one made by lb");
  }
  LB_ASSIGN_OR_RETURN(const int64_t version, ReadNumber(db, "PRAGMA user_version"));
  if (version > static_cast<int64_t>(migrations.size())) {
    return Refuse(absl::StatusCode::kFailedPrecondition, *db,
                  absl::StrCat("written by a newer program (version ", version,
                               " of the tables; this program knows ", migrations.size(), ")"));
  }
  Query check(db, "PRAGMA quick_check(1)");
  const std::string verdict = check.Next() ? check.Text(0) : "";
  LB_RETURN_IF_ERROR(check.status());
  if (verdict != "ok") {
    return Refuse(absl::StatusCode::kDataLoss, *db, absl::StrCat("damaged: ", verdict));
  }
  return absl::OkStatus();
}

absl::Status Migrate(Database* db, std::span<const char* const> migrations) {
  LB_ASSIGN_OR_RETURN(const int64_t from, ReadNumber(db, "PRAGMA user_version"));
  for (size_t version = static_cast<size_t>(from); version < migrations.size(); ++version) {
    const std::string transaction = absl::StrCat(
        "BEGIN IMMEDIATE;", migrations[version], "PRAGMA application_id = ", kApplicationId,
        ";PRAGMA user_version = ", version + 1, ";COMMIT;");
    const absl::Status done = db->Exec(transaction.c_str());
    if (done.ok()) continue;
    // Fails when the failed statement has already ended the transaction; either way it is over.
    (void)db->Exec("ROLLBACK");
    return done;
  }
  return absl::OkStatus();
}

}  // namespace lb::store
