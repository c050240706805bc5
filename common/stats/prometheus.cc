#include "common/stats/prometheus.h"

#include <cstddef>
#include <map>
#include <span>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "common/stats/prometheus_table.h"

namespace lb::stats {
namespace {

constexpr std::string_view kResponseCodes[] = {"1xx", "2xx", "3xx", "4xx", "5xx", "other"};
constexpr std::string_view kFrontendStates[] = {"DOWN", "UP"};
constexpr std::string_view kServerStates[] = {"DOWN", "UP", "MAINT", "DRAIN", "NOLB"};
constexpr std::string_view kCheckStatuses[] = {
    "HANA",   "SOCKERR", "L4OK", "L4TOUT", "L4CON", "L6OK",    "L6TOUT",   "L6RSP",
    "L7TOUT", "L7RSP",   "L7OK", "L7OKC",  "L7STS", "PROCERR", "PROCTOUT", "PROCOK"};

// "UP 1/3" is still UP, "DRAIN (agent)" is DRAIN, and a server without checks counts as UP.
std::string_view StateOf(const Row& row) {
  const std::string_view status = row.text(Field::kStatus);
  if (row.kind() == RowKind::kFrontend) return status == "OPEN" ? "UP" : "DOWN";
  if (status == "no check") return "UP";
  return status.substr(0, status.find(' '));
}

std::string EscapeLabel(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

struct KindFacts {
  RowKind kind;
  uint8_t bit;
  std::string_view name;
};
constexpr KindFacts kKinds[] = {{RowKind::kFrontend, kOfFrontend, "frontend"},
                                {RowKind::kBackend, kOfBackend, "backend"},
                                {RowKind::kServer, kOfServer, "server"}};

// How many servers of a backend are in a state, and have a check status.
struct Tally {
  std::map<std::string_view, int> states;
  std::map<std::string_view, int> checks;
};

class Exporter {
 public:
  explicit Exporter(const std::vector<Row>& rows);

  void AddProcess(const std::vector<ProcessItem>& items);
  void AddKind(const KindFacts& kind);
  std::string Take() { return std::move(text_); }

 private:
  void AddMetric(const KindFacts& kind, const Metric& metric);
  void AddRow(const Metric& metric, const std::string& name, const Row& row);
  void AddStates(std::span<const std::string_view> states, std::string_view now,
                 const std::string& name, const std::string& labels);
  void AddTally(std::span<const std::string_view> keys,
                const std::map<std::string_view, int>& tally, const std::string& name,
                const std::string& labels);
  void Head(const std::string& name, bool is_counter, std::string_view help);
  void Sample(const std::string& name, const std::string& labels, int64_t value);

  const std::vector<Row>& rows_;
  std::vector<std::string> labels_;            // of each row, without braces
  std::map<std::string_view, Tally> tallies_;  // by backend
  std::string text_;
};

Exporter::Exporter(const std::vector<Row>& rows) : rows_(rows) {
  for (const Row& row : rows) {
    labels_.push_back(absl::StrCat("proxy=\"", EscapeLabel(row.text(Field::kPxname)), "\""));
    if (row.kind() != RowKind::kServer) continue;
    absl::StrAppend(&labels_.back(), ",server=\"", EscapeLabel(row.text(Field::kSvname)), "\"");
    Tally& tally = tallies_[row.text(Field::kPxname)];
    ++tally.states[StateOf(row)];
    if (row.has(Field::kCheckStatus)) ++tally.checks[row.text(Field::kCheckStatus)];
  }
}

void Exporter::Head(const std::string& name, bool is_counter, std::string_view help) {
  absl::StrAppend(&text_, "# HELP ", name, " ", std::string(help), "\n# TYPE ", name,
                  is_counter ? " counter\n" : " gauge\n");
}

void Exporter::Sample(const std::string& name, const std::string& labels, int64_t value) {
  absl::StrAppend(&text_, name, "{", labels, "} ", value, "\n");
}

void Exporter::AddProcess(const std::vector<ProcessItem>& items) {
  std::map<std::string_view, const ProcessItem*> by_name;
  for (const ProcessItem& item : items) by_name[item.name] = &item;
  for (const ProcessMetric& metric : ProcessMetrics()) {
    auto found = by_name.find(metric.item);
    if (found == by_name.end()) continue;
    const std::string name = absl::StrCat("haproxy_process_", std::string(metric.name));
    Head(name, metric.is_counter, metric.help);
    if (found->second->type == "str") {
      Sample(name, absl::StrCat("version=\"", EscapeLabel(found->second->text), "\""), 1);
    } else {
      absl::StrAppend(&text_, name, " ", found->second->number, "\n");
    }
  }
}

void Exporter::AddKind(const KindFacts& kind) {
  for (const Metric& metric : Metrics()) {
    if ((metric.kinds & kind.bit) != 0) AddMetric(kind, metric);
  }
}

void Exporter::AddMetric(const KindFacts& kind, const Metric& metric) {
  const std::string name =
      absl::StrCat("haproxy_", std::string(kind.name), "_", std::string(metric.name));
  bool has_head = false;
  for (const Row& row : rows_) {
    if (row.kind() != kind.kind) continue;
    if (metric.http_only && row.text(Field::kMode) != "http") continue;
    const bool is_aggregate =
        metric.shape == Shape::kServerStates || metric.shape == Shape::kServerChecks;
    if (!is_aggregate && !row.has(metric.field)) continue;
    if (!has_head) Head(name, metric.is_counter, metric.help);
    has_head = true;
    AddRow(metric, name, row);
  }
}

void Exporter::AddRow(const Metric& metric, const std::string& name, const Row& row) {
  const std::string& labels = labels_[static_cast<size_t>(&row - rows_.data())];
  switch (metric.shape) {
    case Shape::kPlain:
      Sample(name, labels, row.number(metric.field));
      return;
    case Shape::kMillis:
      absl::StrAppendFormat(&text_, "%s{%s} %.6f\n", name, labels,
                            static_cast<double>(row.number(metric.field)) / 1000.0);
      return;
    case Shape::kResponses:
      for (size_t i = 0; i < std::size(kResponseCodes); ++i) {
        const Field field = static_cast<Field>(static_cast<size_t>(Field::kHrsp1xx) + i);
        Sample(name, absl::StrCat(labels, ",code=\"", std::string(kResponseCodes[i]), "\""),
               row.number(field));
      }
      return;
    case Shape::kStates:
      if (row.kind() == RowKind::kServer) {
        AddStates(kServerStates, StateOf(row), name, labels);
      } else {
        AddStates(kFrontendStates, StateOf(row), name, labels);
      }
      return;
    case Shape::kCheckStatus:
      AddStates(kCheckStatuses, row.text(Field::kCheckStatus), name, labels);
      return;
    case Shape::kServerStates:
      AddTally(kServerStates, tallies_[row.text(Field::kPxname)].states, name, labels);
      return;
    case Shape::kServerChecks:
      AddTally(kCheckStatuses, tallies_[row.text(Field::kPxname)].checks, name, labels);
      return;
  }
}

void Exporter::AddStates(std::span<const std::string_view> states, std::string_view now,
                         const std::string& name, const std::string& labels) {
  for (std::string_view state : states) {
    Sample(name, absl::StrCat(labels, ",state=\"", std::string(state), "\""), state == now ? 1 : 0);
  }
}

void Exporter::AddTally(std::span<const std::string_view> keys,
                        const std::map<std::string_view, int>& tally, const std::string& name,
                        const std::string& labels) {
  for (std::string_view key : keys) {
    auto found = tally.find(key);
    Sample(name, absl::StrCat(labels, ",state=\"", std::string(key), "\""),
           found == tally.end() ? 0 : found->second);
  }
}

}  // namespace

std::string RenderPrometheus(const std::vector<ProcessItem>& process,
                             const std::vector<Row>& rows) {
  Exporter exporter(rows);
  exporter.AddProcess(process);
  for (const KindFacts& kind : kKinds) exporter.AddKind(kind);
  return exporter.Take();
}

}  // namespace lb::stats
