// Row: the statistics of one frontend, backend, server or listener; and how rows are built from
// what both planes have. Data planes build them from their own counters, the control plane from
// the fleet's sums (sum.h). Values; any thread.
#ifndef LB_COMMON_STATS_ROW_H_
#define LB_COMMON_STATS_ROW_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/ids.h"
#include "common/stats/field.h"
#include "lb/v1/snapshot.pb.h"
#include "lb/v1/state.pb.h"

namespace lb::stats {

// The numbers are those of the "type" field.
enum class RowKind : uint8_t { kFrontend = 0, kBackend = 1, kServer = 2, kListener = 3 };

using StateMap = std::unordered_map<ServerId, v1::ServerState>;

// What the control plane has seen of a backend as a whole: it is down while it has servers and
// none is usable.
struct BackendHealth {
  uint64_t down_transitions = 0;
  int64_t last_change_unix_ms = 0;
  uint64_t downtime_seconds = 0;  // up to now
};
using BackendHealthMap = std::unordered_map<BackendId, BackendHealth>;

class Row {
 public:
  enum class Form : uint8_t { kAbsent, kNumber, kText };

  explicit Row(RowKind kind) : kind_(kind) {}

  RowKind kind() const { return kind_; }
  Form form(Field field) const { return cells_[Index(field)].form; }
  bool has(Field field) const { return form(field) != Form::kAbsent; }
  // 0 unless a number.
  int64_t number(Field field) const;
  // "" unless a text.
  std::string_view text(Field field) const;
  // As the CSV shows it: a number in decimal, a text as it is, nothing when absent.
  std::string ToString(Field field) const;

  void Set(Field field, int64_t number);
  void SetText(Field field, std::string_view text);

 private:
  // A backend with ten thousand servers makes as many rows: numbers in place, texts aside.
  struct Cell {
    int64_t number = 0;  // for a text, its place in texts_
    Form form = Form::kAbsent;
  };
  static constexpr size_t Index(Field field) { return static_cast<size_t>(field); }

  RowKind kind_;
  std::array<Cell, kFieldCount> cells_ = {};
  std::vector<std::string> texts_;
};

// Every proxy's rows in the order of HAProxy's `show stat`: by proxy number; in a proxy its
// frontend, its servers, its backend. What has no counters yet is shown with zeros.
//
// A backend that is not in `backends` (data planes have none) has the age of its oldest usable
// server, and no "chkdown" and "downtime".
std::vector<Row> BuildRows(const v1::Snapshot& snapshot, const v1::Counters& counters,
                           const StateMap& states, int64_t now_unix_ms,
                           const BackendHealthMap& backends = {});

// "Layer7 check passed" for "L7OK"; "" for a status that is not one.
std::string_view CheckDescription(std::string_view check_status);

// A server as the configuration alone describes it, until its first state arrives.
v1::ServerState ConfiguredState(const v1::Backend& backend, const v1::Server& server);

// Whether requests can be balanced to it now.
bool IsUsable(const v1::ServerState& state);

}  // namespace lb::stats

#endif  // LB_COMMON_STATS_ROW_H_
