#include "controlplane/config/scope.h"

#include <charconv>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "common/base/units.h"

namespace lb::config {

void Scope::Error(const Statement& statement, size_t i, std::string message, std::string fix) {
  diagnostics_->Error(statement.Place(i), std::move(message), std::move(fix));
}

void Scope::Warning(const Statement& statement, size_t i, std::string message, std::string fix) {
  diagnostics_->Warning(statement.Place(i), std::move(message), std::move(fix));
}

void Scope::ErrorAtName(const Statement& statement, std::string message, std::string fix) {
  diagnostics_->Error(statement.NamePlace(), std::move(message), std::move(fix));
}

void Scope::WarningAtName(const Statement& statement, std::string message, std::string fix) {
  diagnostics_->Warning(statement.NamePlace(), std::move(message), std::move(fix));
}

std::optional<uint32_t> Scope::Number(const Statement& statement, size_t i, uint32_t least,
                                      uint32_t most) {
  if (i >= statement.args.size()) {
    Error(statement, i, absl::StrCat("'", statement.name.text, "' expects a number here"));
    return std::nullopt;
  }
  const std::string& text = statement.args[i].text;
  uint64_t value = 0;
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec == std::errc::invalid_argument || end != text.data() + text.size()) {
    Error(statement, i, absl::StrCat("'", text, "' is not a number"));
    return std::nullopt;
  }
  if (ec != std::errc() || value < least || value > most) {
    Error(statement, i,
          most == UINT32_MAX
              ? absl::StrCat("'", text, "' is out of range (at least ", least, ")")
              : absl::StrCat("'", text, "' is out of range (", least, " to ", most, ")"));
    return std::nullopt;
  }
  return static_cast<uint32_t>(value);
}

std::optional<Millis> Scope::Duration(const Statement& statement, size_t i, Millis unit) {
  if (i >= statement.args.size()) {
    Error(statement, i, absl::StrCat("'", statement.name.text, "' expects a duration here"));
    return std::nullopt;
  }
  absl::StatusOr<Millis> value = ParseDuration(statement.args[i].text, unit);
  if (value.ok()) return *value;
  Error(statement, i, std::string(value.status().message()));
  return std::nullopt;
}

std::optional<uint64_t> Scope::Size(const Statement& statement, size_t i) {
  absl::StatusOr<uint64_t> value = ParseSize(statement.args[i].text);
  if (value.ok()) return *value;
  Error(statement, i, std::string(value.status().message()));
  return std::nullopt;
}

std::optional<std::string> Scope::File(const Statement& statement, size_t i) {
  absl::StatusOr<std::string> text = env_.read_file(statement.args[i].text);
  if (text.ok()) return *std::move(text);
  Error(statement, i, std::string(text.status().message()));
  return std::nullopt;
}

namespace {

const Parameter* FindParameter(std::initializer_list<std::span<const Parameter>> tables,
                               std::string_view name) {
  for (std::span<const Parameter> table : tables) {
    for (const Parameter& parameter : table) {
      if (parameter.text.name == name) return &parameter;
    }
  }
  return nullptr;
}

void ReportUnknown(std::initializer_list<std::span<const Parameter>> tables, Scope& scope,
                   const Statement& statement, size_t i) {
  std::vector<std::string_view> names;
  for (std::span<const Parameter> table : tables) {
    for (const Parameter& parameter : table) {
      if (parameter.text.support == Support::kFull) names.push_back(parameter.text.name);
    }
  }
  const std::string& name = statement.args[i].text;
  scope.Error(statement, i,
              absl::StrCat("unknown parameter '", name, "' of '", statement.name.text, "'"),
              DidYouMean(Closest(name, names)));
}

}  // namespace

void ApplyParameters(std::initializer_list<std::span<const Parameter>> tables, Scope& scope,
                     const Statement& statement, size_t first, Bind* bind, ServerSettings* server) {
  for (size_t i = first; i < statement.args.size(); ++i) {
    const Parameter* parameter = FindParameter(tables, statement.args[i].text);
    if (parameter == nullptr) {
      ReportUnknown(tables, scope, statement, i);
      continue;
    }
    const size_t args = static_cast<size_t>(parameter->args);
    const std::string name(parameter->text.name);
    if (i + args >= statement.args.size()) {
      scope.Error(statement, i,
                  absl::StrCat("'", name, "' expects ", std::string(parameter->text.arguments)));
      return;
    }
    if (parameter->text.support == Support::kUnsupported) {
      scope.Error(statement, i, absl::StrCat("parameter '", name, "' is not supported yet"),
                  std::string(parameter->text.reason));
    } else if (parameter->text.support == Support::kNotice) {
      scope.diagnostics().Notice(
          statement.Place(i),
          absl::StrCat("'", name, "' has no effect: ", std::string(parameter->text.reason)));
    } else {
      if (parameter->text.support == Support::kNotYet) {
        scope.Warning(statement, i, absl::StrCat("'", name, "' is not honoured yet"),
                      std::string(parameter->text.reason));
      }
      LineScope line(scope, statement, i, bind, server);
      parameter->apply(line);
    }
    i += args;
  }
}

}  // namespace lb::config
