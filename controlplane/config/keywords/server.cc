// "server" and "default-server".
// Source: HAProxy configuration manual, sections 4.2 "server" and 5.2.
#include "absl/strings/str_cat.h"

#include "controlplane/config/address_spec.h"
#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

bool IsNameValid(std::string_view name) {
  return name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:") ==
         std::string_view::npos;
}

void AddServer(const Statement& statement, Scope& scope) {
  Server server;
  server.name = statement.args[0].text;
  server.place = statement.Place(0);
  if (!IsNameValid(server.name)) {
    scope.Error(statement, 0,
                absl::StrCat("a character is not allowed in the name '", server.name, "'"),
                "names hold letters, digits, '-', '_', '.' and ':'");
  }
  server.settings = scope.proxy().default_server;
  ApplyParameters({ServerParameters(), UnsupportedServerParameters()}, scope, statement, 2, nullptr,
                  &server.settings);
  absl::StatusOr<ServerAddress> address = ParseServerAddress(statement.args[1].text, scope.env());
  if (!address.ok()) {
    scope.Error(
        statement, 1,
        absl::StrCat("server '", server.name, "': ", std::string(address.status().message())),
        server.settings.init_addr_none
            ? "a server without an address ('init-addr none') is not supported yet"
            : "");
    return;
  }
  if (address->text.starts_with("0.0.0.0:") || address->text.starts_with("[::]:")) {
    scope.Error(statement, 1,
                absl::StrCat("server '", server.name,
                             "': connecting to the client's own destination is not supported yet"));
    return;
  }
  server.address = *std::move(address);
  scope.proxy().servers.push_back(std::move(server));
}

void SetDefaultServer(const Statement& statement, Scope& scope) {
  ApplyParameters({ServerParameters(), UnsupportedServerParameters()}, scope, statement, 0, nullptr,
                  &scope.proxy().default_server);
}

constexpr Keyword kServerKeywords[] = {
    {.text = {"server", "<name> <address>[:<port>] [<parameter>...]", "A server of the backend.",
              "", "4.2"},
     .sections = kInBackend,
     .min_args = 2,
     .max_args = kAnyNumber,
     .must_be_here = true,
     .apply = AddServer},
    {.text = {"default-server", "<parameter>...", "Parameters of the 'server' lines below.", "",
              "4.2"},
     .sections = kInBackend | kInDefaults,
     .min_args = 1,
     .max_args = kAnyNumber,
     .must_be_here = true,
     .apply = SetDefaultServer},
};

}  // namespace

std::span<const Keyword> ServerKeywords() { return kServerKeywords; }

}  // namespace lb::config
