#include "controlplane/config/analyzer.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "controlplane/config/keyword.h"
#include "controlplane/config/scope.h"

namespace lb::config {
namespace {

class Analyzer {
 public:
  Analyzer(const Environment& env, Diagnostics* diagnostics)
      : env_(env), diagnostics_(diagnostics) {}

  Model Run(const Ast& ast) {
    env_.getenv = ast.getenv;
    for (const Section& section : ast.sections) {
      switch (section.kind) {
        case SectionKind::kGlobal:
          Apply(section, nullptr);
          break;
        case SectionKind::kDefaults:
          Defaults(section);
          break;
        case SectionKind::kFrontend:
        case SectionKind::kListen:
        case SectionKind::kBackend:
          AddProxy(section);
          break;
        case SectionKind::kIgnored:
          break;
      }
    }
    return std::move(model_);
  }

 private:
  void Apply(const Section& section, Proxy* proxy) {
    Scope scope(env_, model_, proxy, diagnostics_);
    for (const Statement& statement : section.statements) {
      if (statement.keyword->apply != nullptr) statement.keyword->apply(statement, scope);
    }
  }

  // What a new section begins with: the defaults it names, or `otherwise`.
  Proxy Inherit(const Section& section, const Proxy& otherwise) {
    if (section.from.empty()) return otherwise;
    auto it = named_.find(section.from);
    if (it != named_.end()) return it->second;
    std::vector<std::string_view> names;
    for (const auto& [name, proxy] : named_) names.push_back(name);
    diagnostics_->Error(section.from_place,
                        absl::StrCat("no defaults section '", section.from, "' above this line"),
                        DidYouMean(Closest(section.from, names)));
    return otherwise;
  }

  void Defaults(const Section& section) {
    Proxy defaults = Inherit(section, Proxy());
    defaults.kind = SectionKind::kDefaults;
    defaults.name = section.name;
    defaults.place = section.place;
    Apply(section, &defaults);
    latest_ = defaults;
    if (section.name.empty()) return;
    if (named_.contains(section.name)) {
      diagnostics_->Error(section.place,
                          absl::StrCat("second defaults section '", section.name, "'"));
      return;
    }
    named_.emplace(section.name, std::move(defaults));
  }

  void AddProxy(const Section& section) {
    Proxy proxy = Inherit(section, latest_);
    proxy.kind = section.kind;
    proxy.name = section.name;
    proxy.place = section.place;
    proxy.first_own_acl = proxy.acls.size();
    proxy.check.owns_http_steps = false;
    proxy.check.owns_tcp_steps = false;
    Apply(section, &proxy);
    model_.proxies.push_back(std::move(proxy));
  }

  Environment env_;
  Diagnostics* diagnostics_;
  Model model_;
  Proxy latest_;
  std::map<std::string, Proxy> named_;
};

}  // namespace

Model Analyze(const Ast& ast, const Environment& env, Diagnostics* diagnostics) {
  return Analyzer(env, diagnostics).Run(ast);
}

}  // namespace lb::config
