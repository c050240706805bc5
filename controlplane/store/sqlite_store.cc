#include "controlplane/store/sqlite_store.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "common/base/check.h"
#include "common/base/status.h"
#include "controlplane/store/schema.h"
#include "controlplane/store/sqlite.h"

namespace lb::store {
namespace {

class OpenStore : public StateStore {
 public:
  explicit OpenStore(std::unique_ptr<Database> db) : owned_(std::move(db)), db_(owned_.get()) {}

  absl::Status Batch(const std::function<absl::Status()>& body) override;
  absl::StatusOr<uint64_t> AddRevision(const Revision& revision) override;
  absl::Status SetRevisionOutcome(uint64_t number, std::string_view outcome) override;
  absl::StatusOr<Revision> GetRevision(uint64_t number) override;
  absl::StatusOr<uint64_t> CurrentRevision() override;
  absl::StatusOr<std::vector<Revision>> ListRevisions(uint32_t limit) override;
  absl::Status SetOverride(const Override& override_value) override;
  absl::Status LiftOverride(std::string_view backend, std::string_view server,
                            OverrideKind kind) override;
  absl::StatusOr<std::vector<Override>> ListOverrides() override;
  absl::StatusOr<uint64_t> AddEvent(const Event& event) override;
  absl::StatusOr<std::vector<Event>> ListEvents(const EventQuery& query) override;
  absl::Status SaveNode(const NodeRecord& node) override;
  absl::Status ForgetNode(std::string_view node) override;
  absl::StatusOr<std::vector<NodeRecord>> ListNodes() override;
  absl::Status SaveServers(const std::vector<ServerRecord>& servers) override;
  absl::StatusOr<std::vector<ServerRecord>> ListServers() override;
  absl::Status AddMinutes(const std::vector<MinuteRecord>& minutes) override;
  absl::StatusOr<std::vector<MinuteRecord>> ListMinutes(const MinuteQuery& query) override;
  absl::StatusOr<uint64_t> Prune(const Retention& retention) override;

 private:
  // Joins the caller's batch, or makes one.
  absl::Status Together(const std::function<absl::Status()>& body) {
    return is_in_batch_ ? body() : Batch(body);
  }

  std::unique_ptr<Database> owned_;
  Database* const db_;
  bool is_in_batch_ = false;
};

absl::Status OpenStore::Batch(const std::function<absl::Status()>& body) {
  LB_CHECK(!is_in_batch_);
  // IMMEDIATE: a transaction that began by reading could not wait for another writer.
  LB_RETURN_IF_ERROR(db_->Exec("BEGIN IMMEDIATE"));
  is_in_batch_ = true;
  absl::Status status = body();
  is_in_batch_ = false;
  if (status.ok()) status = db_->Exec("COMMIT");
  if (!status.ok()) {
    // Fails when SQLite has already rolled back, as it does when the disk is full.
    (void)db_->Exec("ROLLBACK");
  }
  return status;
}

absl::StatusOr<uint64_t> OpenStore::AddRevision(const Revision& revision) {
  uint64_t number = 0;
  const absl::Status stored = Together([&] {
    Query insert(db_,
                 "INSERT INTO revision (hash, author, message, created_unix_ms, outcome) "
                 "VALUES (?, ?, ?, ?, ?)",
                 revision.hash, revision.author, revision.message, revision.created_unix_ms,
                 revision.outcome);
    LB_RETURN_IF_ERROR(insert.Run());
    number = static_cast<uint64_t>(db_->last_insert_id());
    for (size_t i = 0; i < revision.files.size(); ++i) {
      const StoredFile& file = revision.files[i];
      Query add_file(
          db_, "INSERT INTO revision_file (revision, position, path, text) VALUES (?, ?, ?, ?)",
          number, static_cast<int64_t>(i), file.path, file.text);
      LB_RETURN_IF_ERROR(add_file.Run());
    }
    return absl::OkStatus();
  });
  LB_RETURN_IF_ERROR(stored);
  return number;
}

absl::Status OpenStore::SetRevisionOutcome(uint64_t number, std::string_view outcome) {
  Query update(db_, "UPDATE revision SET outcome = ? WHERE number = ?", outcome, number);
  LB_RETURN_IF_ERROR(update.Run());
  if (db_->changes() == 0) {
    return absl::NotFoundError(absl::StrCat("no revision ", number));
  }
  return absl::OkStatus();
}

constexpr const char* kSelectRevision =
    "SELECT number, hash, author, message, created_unix_ms, outcome FROM revision "
    "WHERE number = ?";
constexpr const char* kSelectRevisions =
    "SELECT number, hash, author, message, created_unix_ms, outcome FROM revision "
    "ORDER BY number DESC LIMIT ?";

Revision ReadRevision(const Query& row) {
  Revision revision;
  revision.number = row.Unsigned(0);
  revision.hash = row.Text(1);
  revision.author = row.Text(2);
  revision.message = row.Text(3);
  revision.created_unix_ms = row.Int(4);
  revision.outcome = row.Text(5);
  return revision;
}

absl::StatusOr<Revision> OpenStore::GetRevision(uint64_t number) {
  Query query(db_, kSelectRevision, number);
  if (!query.Next()) {
    LB_RETURN_IF_ERROR(query.status());
    return absl::NotFoundError(absl::StrCat("no revision ", number));
  }
  Revision revision = ReadRevision(query);
  Query files(db_, "SELECT path, text FROM revision_file WHERE revision = ? ORDER BY position",
              number);
  while (files.Next()) revision.files.push_back({files.Text(0), files.Text(1)});
  LB_RETURN_IF_ERROR(files.status());
  return revision;
}

absl::StatusOr<uint64_t> OpenStore::CurrentRevision() {
  Query query(db_, "SELECT number FROM revision WHERE outcome = ? ORDER BY number DESC LIMIT 1",
              kOutcomeServing);
  const uint64_t number = query.Next() ? query.Unsigned(0) : 0;
  LB_RETURN_IF_ERROR(query.status());
  return number;
}

absl::StatusOr<std::vector<Revision>> OpenStore::ListRevisions(uint32_t limit) {
  std::vector<Revision> revisions;
  Query query(db_, kSelectRevisions, limit);
  while (query.Next()) revisions.push_back(ReadRevision(query));
  LB_RETURN_IF_ERROR(query.status());
  return revisions;
}

absl::Status OpenStore::SetOverride(const Override& value) {
  return Query(db_,
               "INSERT OR REPLACE INTO server_override "
               "(backend, server, kind, value, origin, set_unix_ms) VALUES (?, ?, ?, ?, ?, ?)",
               value.backend, value.server, static_cast<int64_t>(value.kind), value.value,
               value.origin, value.set_unix_ms)
      .Run();
}

absl::Status OpenStore::LiftOverride(std::string_view backend, std::string_view server,
                                     OverrideKind kind) {
  return Query(db_, "DELETE FROM server_override WHERE backend = ? AND server = ? AND kind = ?",
               backend, server, static_cast<int64_t>(kind))
      .Run();
}

absl::StatusOr<std::vector<Override>> OpenStore::ListOverrides() {
  std::vector<Override> overrides;
  Query query(db_,
              "SELECT backend, server, kind, value, origin, set_unix_ms FROM server_override "
              "ORDER BY backend, server, kind");
  while (query.Next()) {
    overrides.push_back({query.Text(0), query.Text(1), static_cast<OverrideKind>(query.Int(2)),
                         query.Text(3), query.Text(4), query.Int(5)});
  }
  LB_RETURN_IF_ERROR(query.status());
  return overrides;
}

absl::StatusOr<uint64_t> OpenStore::AddEvent(const Event& event) {
  Query insert(db_,
               "INSERT INTO event (at_unix_ms, kind, subject, text, origin) "
               "VALUES (?, ?, ?, ?, ?)",
               event.at_unix_ms, static_cast<int64_t>(event.kind), event.subject, event.text,
               event.origin);
  LB_RETURN_IF_ERROR(insert.Run());
  return static_cast<uint64_t>(db_->last_insert_id());
}

absl::StatusOr<std::vector<Event>> OpenStore::ListEvents(const EventQuery& wanted) {
  std::vector<Event> events;
  const int64_t kind = wanted.kind.has_value() ? static_cast<int64_t>(*wanted.kind) : -1;
  // One query for both cases ("subject = ? or any") would not use the index.
  constexpr const char* kOfSubject =
      "SELECT * FROM (SELECT id, at_unix_ms, kind, subject, text, origin FROM event "
      "WHERE subject = ?4 AND id > ?1 AND (?2 < 0 OR kind = ?2) ORDER BY id DESC LIMIT ?3) "
      "ORDER BY id";
  constexpr const char* kOfAll =
      "SELECT * FROM (SELECT id, at_unix_ms, kind, subject, text, origin FROM event "
      "WHERE id > ?1 AND (?2 < 0 OR kind = ?2) ORDER BY id DESC LIMIT ?3) ORDER BY id";
  auto read = [&events](Query& query) {
    while (query.Next()) {
      events.push_back({query.Unsigned(0), query.Int(1), static_cast<EventKind>(query.Int(2)),
                        query.Text(3), query.Text(4), query.Text(5)});
    }
    return query.status();
  };
  if (wanted.subject.has_value()) {
    Query query(db_, kOfSubject, wanted.after_id, kind, wanted.limit, *wanted.subject);
    LB_RETURN_IF_ERROR(read(query));
  } else {
    Query query(db_, kOfAll, wanted.after_id, kind, wanted.limit);
    LB_RETURN_IF_ERROR(read(query));
  }
  return events;
}

absl::Status OpenStore::SaveNode(const NodeRecord& node) {
  return Query(db_,
               "INSERT OR REPLACE INTO node (node, node_group, version, peer, instance, revision, "
               "stage, is_connected, since_unix_ms, last_seen_unix_ms, last_error) "
               "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
               node.node, node.group, node.version, node.peer, node.instance, node.revision,
               node.stage, node.is_connected, node.since_unix_ms, node.last_seen_unix_ms,
               node.last_error)
      .Run();
}

absl::Status OpenStore::ForgetNode(std::string_view node) {
  return Query(db_, "DELETE FROM node WHERE node = ?", node).Run();
}

absl::StatusOr<std::vector<NodeRecord>> OpenStore::ListNodes() {
  std::vector<NodeRecord> nodes;
  Query query(db_,
              "SELECT node, node_group, version, peer, instance, revision, stage, is_connected, "
              "since_unix_ms, last_seen_unix_ms, last_error FROM node ORDER BY node");
  while (query.Next()) {
    nodes.push_back({query.Text(0), query.Text(1), query.Text(2), query.Text(3), query.Unsigned(4),
                     query.Unsigned(5), query.Text(6), query.Int(7) != 0, query.Int(8),
                     query.Int(9), query.Text(10)});
  }
  LB_RETURN_IF_ERROR(query.status());
  return nodes;
}

absl::Status OpenStore::SaveServers(const std::vector<ServerRecord>& servers) {
  return Together([&] {
    for (const ServerRecord& s : servers) {
      Query save(db_,
                 "INSERT OR REPLACE INTO server (backend, server, status, health, "
                 "last_change_unix_ms, failed_checks, down_transitions, downtime_seconds, "
                 "check_status, check_code, check_duration_ms, last_check) "
                 "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 s.backend, s.server, s.status, s.health, s.last_change_unix_ms, s.failed_checks,
                 s.down_transitions, s.downtime_seconds, s.check_status, s.check_code,
                 s.check_duration_ms, s.last_check);
      LB_RETURN_IF_ERROR(save.Run());
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<ServerRecord>> OpenStore::ListServers() {
  std::vector<ServerRecord> servers;
  Query query(db_,
              "SELECT backend, server, status, health, last_change_unix_ms, failed_checks, "
              "down_transitions, downtime_seconds, check_status, check_code, check_duration_ms, "
              "last_check FROM server ORDER BY backend, server");
  while (query.Next()) {
    servers.push_back({query.Text(0), query.Text(1), query.Text(2),
                       static_cast<uint32_t>(query.Int(3)), query.Int(4), query.Unsigned(5),
                       query.Unsigned(6), query.Unsigned(7), query.Text(8),
                       static_cast<uint32_t>(query.Int(9)), query.Unsigned(10), query.Text(11)});
  }
  LB_RETURN_IF_ERROR(query.status());
  return servers;
}

absl::Status OpenStore::AddMinutes(const std::vector<MinuteRecord>& minutes) {
  return Together([&] {
    for (const MinuteRecord& m : minutes) {
      Query add(db_,
                "INSERT INTO minute (at_unix_ms, proxy, name, sessions, requests, bytes_in, "
                "bytes_out, responses_4xx, responses_5xx, denied, request_errors, connect_errors, "
                "response_errors, max_queue, failed_checks) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions, "
                "requests = requests + excluded.requests, "
                "bytes_in = bytes_in + excluded.bytes_in, "
                "bytes_out = bytes_out + excluded.bytes_out, "
                "responses_4xx = responses_4xx + excluded.responses_4xx, "
                "responses_5xx = responses_5xx + excluded.responses_5xx, "
                "denied = denied + excluded.denied, "
                "request_errors = request_errors + excluded.request_errors, "
                "connect_errors = connect_errors + excluded.connect_errors, "
                "response_errors = response_errors + excluded.response_errors, "
                "max_queue = max(max_queue, excluded.max_queue), "
                "failed_checks = failed_checks + excluded.failed_checks",
                m.at_unix_ms, m.proxy, m.name, m.sessions, m.requests, m.bytes_in, m.bytes_out,
                m.responses_4xx, m.responses_5xx, m.denied, m.request_errors, m.connect_errors,
                m.response_errors, m.max_queue, m.failed_checks);
      LB_RETURN_IF_ERROR(add.Run());
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<MinuteRecord>> OpenStore::ListMinutes(const MinuteQuery& wanted) {
  std::vector<MinuteRecord> minutes;
  Query query(db_,
              "SELECT at_unix_ms, sessions, requests, bytes_in, bytes_out, responses_4xx, "
              "responses_5xx, denied, request_errors, connect_errors, response_errors, max_queue, "
              "failed_checks FROM minute WHERE proxy = ? AND name = ? AND at_unix_ms >= ? "
              "ORDER BY at_unix_ms",
              wanted.proxy, wanted.name, wanted.since_unix_ms);
  while (query.Next()) {
    minutes.push_back({query.Int(0), wanted.proxy, wanted.name, query.Unsigned(1),
                       query.Unsigned(2), query.Unsigned(3), query.Unsigned(4), query.Unsigned(5),
                       query.Unsigned(6), query.Unsigned(7), query.Unsigned(8), query.Unsigned(9),
                       query.Unsigned(10), query.Unsigned(11), query.Unsigned(12)});
  }
  LB_RETURN_IF_ERROR(query.status());
  return minutes;
}

absl::StatusOr<uint64_t> OpenStore::Prune(const Retention& retention) {
  uint64_t deleted = 0;
  const absl::Status pruned = Together([&]() -> absl::Status {
    Query events(db_,
                 "DELETE FROM event WHERE at_unix_ms < ?1 OR (?2 > 0 AND id <= "
                 "(SELECT id FROM event ORDER BY id DESC LIMIT 1 OFFSET ?2))",
                 retention.oldest_unix_ms, retention.events);
    LB_RETURN_IF_ERROR(events.Run());
    deleted += static_cast<uint64_t>(db_->changes());
    LB_ASSIGN_OR_RETURN(const uint64_t current, CurrentRevision());
    Query revisions(db_,
                    "DELETE FROM revision WHERE number != ?3 AND (created_unix_ms < ?1 OR "
                    "(?2 > 0 AND number <= "
                    "(SELECT number FROM revision ORDER BY number DESC LIMIT 1 OFFSET ?2)))",
                    retention.oldest_unix_ms, retention.revisions, current);
    LB_RETURN_IF_ERROR(revisions.Run());
    deleted += static_cast<uint64_t>(db_->changes());
    Query minutes(db_,
                  "DELETE FROM minute WHERE at_unix_ms < ?1 OR (?2 > 0 AND at_unix_ms <= "
                  "(SELECT at_unix_ms FROM minute ORDER BY at_unix_ms DESC LIMIT 1 OFFSET ?2))",
                  retention.oldest_minute_unix_ms, retention.minutes);
    LB_RETURN_IF_ERROR(minutes.Run());
    deleted += static_cast<uint64_t>(db_->changes());
    return absl::OkStatus();
  });
  LB_RETURN_IF_ERROR(pruned);
  return deleted;
}

}  // namespace

absl::StatusOr<std::unique_ptr<StateStore>> SqliteStore::Open(const std::string& path,
                                                              Access access) {
  const bool writes = access == Access::kReadWrite;
  LB_ASSIGN_OR_RETURN(
      std::unique_ptr<Database> db,
      Database::Open(path, writes ? Database::Access::kReadWrite : Database::Access::kReadOnly));
  LB_RETURN_IF_ERROR(CheckSchema(db.get(), Migrations()));
  if (writes) {
    // FULL: with a write-ahead log, NORMAL could lose the last commits in a power cut.
    LB_RETURN_IF_ERROR(db->Exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"));
    LB_RETURN_IF_ERROR(Migrate(db.get(), Migrations()));
  }
  LB_RETURN_IF_ERROR(db->Exec("PRAGMA foreign_keys = ON"));
  return std::unique_ptr<StateStore>(new OpenStore(std::move(db)));
}

}  // namespace lb::store
