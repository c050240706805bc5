// Database and Query: the little of SQLite's interface that the store uses, without its pitfalls.
//
//   Query query(&db, "SELECT id, text FROM event WHERE subject = ?", subject);
//   while (query.Next()) Use(query.Int(0), query.Text(1));
//   LB_RETURN_IF_ERROR(query.status());
//
// One thread at a time. A Query borrows its Database and ends before it.
#ifndef LB_CONTROLPLANE_STORE_SQLITE_H_
#define LB_CONTROLPLANE_STORE_SQLITE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace lb::store {

class Database {
 public:
  enum class Access { kReadWrite, kReadOnly };

  // kReadWrite makes the file, readable by its owner only, when there is none.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path, Access access);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs one or several statements without arguments or results.
  absl::Status Exec(const char* sql);

  const std::string& path() const { return path_; }
  int64_t last_insert_id() const;
  // Rows changed by the last INSERT, UPDATE or DELETE.
  int64_t changes() const;
  // The error of the last failed call: "state '<path>': <SQLite's words>".
  absl::Status LastError() const;

 private:
  friend class Query;
  explicit Database(std::string path) : path_(std::move(path)) {}
  // The prepared form of `sql`, kept for its next use; null on error.
  sqlite3_stmt* Prepare(const char* sql);

  const std::string path_;
  sqlite3* db_ = nullptr;
  std::unordered_map<std::string_view, sqlite3_stmt*> prepared_;  // keys are string literals
};

class Query {
 public:
  // `sql` is a string literal; `arguments` are its "?" in order.
  template <typename... Arguments>
  Query(Database* db, const char* sql, const Arguments&... arguments)
      : db_(db), statement_(db->Prepare(sql)) {
    if (statement_ == nullptr) {
      status_ = db->LastError();
      return;
    }
    int position = 0;
    (Bind(++position, arguments), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Moves to the next row. False at the end and on an error; status() tells which.
  bool Next();
  // Runs a statement that has no rows.
  absl::Status Run();
  const absl::Status& status() const { return status_; }

  int64_t Int(int column) const;
  uint64_t Unsigned(int column) const { return static_cast<uint64_t>(Int(column)); }
  std::string Text(int column) const;  // bytes as stored; "" for NULL

 private:
  void Bind(int position, int64_t value);
  void Bind(int position, uint64_t value) { Bind(position, static_cast<int64_t>(value)); }
  void Bind(int position, uint32_t value) { Bind(position, static_cast<int64_t>(value)); }
  void Bind(int position, int value) { Bind(position, static_cast<int64_t>(value)); }
  void Bind(int position, bool value) { Bind(position, static_cast<int64_t>(value)); }
  void Bind(int position, std::string_view value);
  void Bind(int position, const std::string& value) { Bind(position, std::string_view(value)); }

  Database* const db_;
  sqlite3_stmt* const statement_;
  absl::Status status_;
};

}  // namespace lb::store

#endif  // LB_CONTROLPLANE_STORE_SQLITE_H_
