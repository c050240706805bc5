// Variables: the environment as the configuration sees it: the process's own, overlaid by setenv,
// presetenv, resetenv and unsetenv. The process's environment itself is never written.
#ifndef LB_CONTROLPLANE_CONFIG_VARIABLES_H_
#define LB_CONTROLPLANE_CONFIG_VARIABLES_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/config/compile.h"

namespace lb::config {

class Variables {
 public:
  // `env` is borrowed and outlives this.
  explicit Variables(const Environment& env) : env_(env) {}

  std::optional<std::string> Get(std::string_view name) const;
  void Set(std::string_view name, std::string value);
  void Unset(std::string_view name);
  // Forgets every variable that is not in `kept`.
  void Reset(std::set<std::string> kept);

 private:
  const Environment& env_;
  std::map<std::string, std::optional<std::string>, std::less<>> overlay_;
  std::optional<std::set<std::string>> kept_;  // set once resetenv was met
};

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_VARIABLES_H_
