#include "controlplane/config/keywords/source.h"

#include <charconv>

#include "absl/strings/str_cat.h"

#include "controlplane/config/address_spec.h"

namespace lb::config {

namespace {

// "hdr_ip(<name>[,<occurrence>])" without its beginning and its end.
bool ParseHeaderIp(std::string_view text, v1::SourceAddress* source) {
  const size_t comma = text.find(',');
  const std::string_view name = text.substr(0, comma);
  int32_t occurrence = -1;
  if (comma != text.npos) {
    const std::string_view number = text.substr(comma + 1);
    const char* end = number.data() + number.size();
    auto [parsed, error] = std::from_chars(number.data(), end, occurrence);
    if (error != std::errc() || parsed != end) return false;
  }
  // As in HAProxy, none is the last, and only so many can be told apart from the end.
  if (occurrence == 0) occurrence = -1;
  if (name.empty() || occurrence < -10) return false;
  source->set_use(v1::SourceAddress::HDR_IP);
  source->set_header(std::string(name));
  source->set_occurrence(occurrence);
  return true;
}

}  // namespace

bool ParseSourceAddress(const Statement& statement, size_t at, Scope& scope,
                        v1::SourceAddress* source) {
  absl::StatusOr<ServerAddress> address = ParseServerAddress(statement.args[at].text, scope.env());
  if (!address.ok()) {
    scope.Error(statement, at, std::string(address.status().message()));
    return false;
  }
  if (address->offset != 0 || address->text.starts_with("unix:")) {
    scope.Error(statement, at, "a source is an IP address, with or without a port");
    return false;
  }
  source->set_address(address->text);
  return true;
}

bool ParseUseSource(const Statement& statement, size_t at, Scope& scope,
                    v1::SourceAddress* source) {
  const std::string& text = statement.args[at].text;
  if (text == "client") {
    source->set_use(v1::SourceAddress::CLIENT);
    return true;
  }
  if (text == "clientip") {
    source->set_use(v1::SourceAddress::CLIENT_IP);
    return true;
  }
  constexpr std::string_view kHeader = "hdr_ip(";
  if (text.starts_with(kHeader) && text.ends_with(')')) {
    const std::string_view inside =
        std::string_view(text).substr(kHeader.size(), text.size() - kHeader.size() - 1);
    if (ParseHeaderIp(inside, source)) return true;
    scope.Error(statement, at, "'hdr_ip' expects '(<name>[,<occurrence>])', the latter from -10");
    return false;
  }
  absl::StatusOr<ServerAddress> address = ParseServerAddress(text, scope.env());
  if (!address.ok() || address->offset != 0 || address->text.starts_with("unix:")) {
    scope.Error(statement, at,
                "'usesrc' expects 'client', 'clientip', 'hdr_ip(<name>)' or an IP address");
    return false;
  }
  source->set_use(v1::SourceAddress::FOREIGN);
  source->set_foreign(address->text);
  return true;
}

std::optional<v1::SourceAddress> ParseSource(const Statement& statement, Scope& scope) {
  v1::SourceAddress source;
  if (!ParseSourceAddress(statement, 0, scope, &source)) return std::nullopt;
  for (size_t at = 1; at < statement.args.size(); at += 2) {
    const std::string& word = statement.args[at].text;
    if (word != "usesrc" && word != "interface") {
      scope.Error(statement, at, absl::StrCat("unexpected '", word, "'"));
      return std::nullopt;
    }
    if (at + 1 >= statement.args.size()) {
      scope.Error(statement, at + 1, absl::StrCat("'", word, "' expects a name"));
      return std::nullopt;
    }
    if (word == "interface") {
      source.set_interface(statement.args[at + 1].text);
    } else if (!ParseUseSource(statement, at + 1, scope, &source)) {
      return std::nullopt;
    }
  }
  return source;
}

}  // namespace lb::config
