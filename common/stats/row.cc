#include "common/stats/row.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace lb::stats {

int64_t Row::number(Field field) const {
  const Cell& cell = cells_[Index(field)];
  return cell.form == Form::kNumber ? cell.number : 0;
}

std::string_view Row::text(Field field) const {
  const Cell& cell = cells_[Index(field)];
  if (cell.form != Form::kText) return {};
  return texts_[static_cast<size_t>(cell.number)];
}

std::string Row::ToString(Field field) const {
  switch (form(field)) {
    case Form::kAbsent:
      return "";
    case Form::kNumber:
      return absl::StrCat(number(field));
    case Form::kText:
      return std::string(text(field));
  }
  return "";
}

void Row::Set(Field field, int64_t number) { cells_[Index(field)] = {number, Form::kNumber}; }

void Row::SetText(Field field, std::string_view text) {
  cells_[Index(field)] = {static_cast<int64_t>(texts_.size()), Form::kText};
  texts_.emplace_back(text);
}

std::string_view CheckDescription(std::string_view check_status) {
  static constexpr std::pair<std::string_view, std::string_view> kDescriptions[] = {
      {"UNK", "Unknown"},
      {"INI", "Initializing"},
      {"SOCKERR", "Socket error"},
      {"L4OK", "Layer4 check passed"},
      {"L4TOUT", "Layer4 timeout"},
      {"L4CON", "Layer4 connection problem"},
      {"L6OK", "Layer6 check passed"},
      {"L6TOUT", "Layer6 timeout"},
      {"L6RSP", "Layer6 invalid response"},
      {"L7TOUT", "Layer7 timeout"},
      {"L7RSP", "Layer7 invalid response"},
      {"L7OK", "Layer7 check passed"},
      {"L7OKC", "Layer7 check conditionally passed"},
      {"L7STS", "Layer7 wrong status"},
      {"PROCERR", "External check error"},
      {"PROCTOUT", "External check timeout"},
      {"PROCOK", "External check passed"},
  };
  for (const auto& [status, description] : kDescriptions) {
    if (status == check_status) return description;
  }
  return "";
}

bool IsUsable(const v1::ServerState& state) {
  return state.weight() > 0 &&
         (state.status() == v1::SERVER_UP || state.status() == v1::SERVER_NO_CHECK);
}

v1::ServerState ConfiguredState(const v1::Backend& backend, const v1::Server& server) {
  v1::ServerState state;
  state.set_id(ServerIdOf(backend.common().name(), server.name()));
  state.set_weight(server.weight());
  if (server.disabled()) {
    state.set_status(v1::SERVER_MAINT);
    state.set_status_text("MAINT");
  } else if (server.is_checked()) {
    state.set_status(v1::SERVER_PENDING);
    state.set_status_text("DOWN");
  } else {
    state.set_status(v1::SERVER_NO_CHECK);
    state.set_status_text("no check");
  }
  return state;
}

}  // namespace lb::stats
