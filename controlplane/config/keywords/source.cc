#include "controlplane/config/keywords/source.h"

#include "absl/strings/str_cat.h"

#include "controlplane/config/address_spec.h"

namespace lb::config {

std::optional<ParsedSource> ParseSource(const Statement& statement, size_t first, Scope& scope) {
  ParsedSource parsed;
  absl::StatusOr<ServerAddress> address =
      ParseServerAddress(statement.args[first].text, scope.env());
  if (!address.ok()) {
    scope.Error(statement, first, std::string(address.status().message()));
    return std::nullopt;
  }
  if (address->offset != 0 || address->text.starts_with("unix:")) {
    scope.Error(statement, first, "a source is an IP address, with or without a port");
    return std::nullopt;
  }
  parsed.address.set_address(address->text);
  parsed.used = 1;
  if (first + 1 >= statement.args.size()) return parsed;
  const std::string& word = statement.args[first + 1].text;
  if (word == "usesrc") {
    scope.Error(statement, first + 1, "'usesrc' is not supported yet");
    return std::nullopt;
  }
  if (word != "interface") return parsed;
  if (first + 2 >= statement.args.size()) {
    scope.Error(statement, first + 2, "'interface' expects a name");
    return std::nullopt;
  }
  parsed.address.set_interface(statement.args[first + 2].text);
  parsed.used = 3;
  return parsed;
}

}  // namespace lb::config
