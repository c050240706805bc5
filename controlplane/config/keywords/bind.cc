// "bind": the addresses of a frontend.
// Source: HAProxy configuration manual, sections 4.2 "bind" and 5.1 "Bind options".
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "controlplane/config/address_spec.h"
#include "controlplane/config/keywords/setters.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

// Every port of a range is a socket of its own on every worker.
constexpr size_t kMaxBinds = 10'000;

void AddBind(const Statement& statement, Scope& scope) {
  Bind line;
  line.place = statement.Place(0);
  ApplyParameters({BindParameters()}, scope, statement, 1, &line, nullptr);
  const std::string& list = statement.args[0].text;
  std::vector<Bind>& binds = scope.proxy().binds;
  const std::vector<std::string> texts = absl::StrSplit(list, ',', absl::SkipEmpty());
  for (const std::string& text : texts) {
    absl::StatusOr<std::vector<std::string>> addresses = ParseBindAddress(text, scope.env());
    if (!addresses.ok()) {
      scope.Error(statement, 0, std::string(addresses.status().message()));
      continue;
    }
    if (binds.size() + addresses->size() > kMaxBinds) {
      return scope.Error(statement, 0, absl::StrCat("more than ", kMaxBinds, " listeners"));
    }
    for (std::string& address : *addresses) {
      binds.push_back(line);
      v1::Bind& bind = binds.back().settings;
      bind.set_address(std::move(address));
      bind.set_label(text);
      if (bind.name().empty()) bind.set_name(absl::StrCat(binds.size()));
    }
  }
}

constexpr Keyword kBindKeywords[] = {
    {.text = {"bind", "<address>[,<address>...] [<parameter>...]",
              "Listens on addresses: IP or '*' with a port or port range, unix@, abns@, fd@.", "",
              "4.2"},
     .sections = kInFrontend,
     .min_args = 1,
     .max_args = kAnyNumber,
     .apply = AddBind},
};

}  // namespace

std::span<const Keyword> BindKeywords() { return kBindKeywords; }

}  // namespace lb::config
