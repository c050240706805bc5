// Scope: what a keyword's handler sees while its statement is analyzed: the section being filled,
// the outside, and where to report. Handlers set fields; they never look at other statements.
#ifndef LB_CONTROLPLANE_CONFIG_SCOPE_H_
#define LB_CONTROLPLANE_CONFIG_SCOPE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/diagnostics.h"
#include "controlplane/config/ast.h"
#include "controlplane/config/compile.h"
#include "controlplane/config/model.h"

namespace lb::config {

class Scope {
 public:
  // All borrowed. `proxy` is null in the global section.
  Scope(const Environment& env, Model& model, Proxy* proxy, Diagnostics* diagnostics)
      : env_(env), model_(model), proxy_(proxy), diagnostics_(diagnostics) {}

  const Environment& env() const { return env_; }
  v1::Global& global() const { return model_.global; }
  ControlSettings& control() const { return model_.control; }
  Model& model() const { return model_; }
  Proxy& proxy() const { return *proxy_; }
  Diagnostics& diagnostics() const { return *diagnostics_; }

  // Report on argument `i` of `statement` (its end when there is none), or on its keyword.
  void Error(const Statement& statement, size_t i, std::string message, std::string fix = "");
  void Warning(const Statement& statement, size_t i, std::string message, std::string fix = "");
  void ErrorAtName(const Statement& statement, std::string message, std::string fix = "");
  void WarningAtName(const Statement& statement, std::string message, std::string fix = "");

  // Argument `i` as a typed value; nullopt after reporting what is wrong with it.
  std::optional<uint32_t> Number(const Statement& statement, size_t i, uint32_t least = 0,
                                 uint32_t most = UINT32_MAX);
  std::optional<Millis> Duration(const Statement& statement, size_t i, Millis unit = Millis(1));
  std::optional<uint64_t> Size(const Statement& statement, size_t i);
  // The content of the file that argument `i` names.
  std::optional<std::string> File(const Statement& statement, size_t i);

 private:
  const Environment& env_;
  Model& model_;
  Proxy* proxy_;
  Diagnostics* diagnostics_;
};

// The same for one parameter of a "bind" or "server" line: its arguments follow its name.
class LineScope {
 public:
  LineScope(Scope& scope, const Statement& statement, size_t position, Bind* bind,
            ServerSettings* server)
      : scope_(scope), statement_(statement), position_(position), bind_(bind), server_(server) {}

  Scope& scope() const { return scope_; }
  const Statement& statement() const { return statement_; }
  size_t position() const { return position_; }  // of the parameter's name
  v1::Bind& bind() const { return bind_->settings; }
  Bind& bind_model() const { return *bind_; }
  ServerSettings& server() const { return *server_; }
  // What bind and server lines say about TLS alike.
  TlsWords& tls() const { return bind_ != nullptr ? bind_->tls.common : server_->tls.common; }
  std::string_view name() const { return statement_.args[position_].text; }
  // The parameter's argument `i`, from 0.
  const std::string& Arg(size_t i) const { return statement_.args[position_ + 1 + i].text; }

  // Argument `i` and where it stands.
  PlacedText Placed(size_t i) const { return {Arg(i), statement_.Place(position_ + 1 + i)}; }
  SourcePlace NamePlace() const { return statement_.Place(position_); }

  void Error(size_t i, std::string message, std::string fix = "") const {
    scope_.Error(statement_, position_ + 1 + i, std::move(message), std::move(fix));
  }
  std::optional<uint32_t> Number(size_t i, uint32_t least = 0, uint32_t most = UINT32_MAX) const {
    return scope_.Number(statement_, position_ + 1 + i, least, most);
  }
  std::optional<Millis> Duration(size_t i, Millis unit = Millis(1)) const {
    return scope_.Duration(statement_, position_ + 1 + i, unit);
  }

 private:
  Scope& scope_;
  const Statement& statement_;
  size_t position_;
  Bind* bind_;
  ServerSettings* server_;
};

// Reads the parameters of `statement` from argument `first` on, by the rows of `tables`.
// Reports unknown, unsupported and incomplete ones, and goes on after each.
void ApplyParameters(std::initializer_list<std::span<const Parameter>> tables, Scope& scope,
                     const Statement& statement, size_t first, Bind* bind, ServerSettings* server);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_SCOPE_H_
