// VariableSet: the variables of one scope ("txn", "sess", ...).
//
// Owns its texts. Clear() keeps the memory, so that a connection's next exchange allocates nothing.
// Sets are small: look-up is linear, by a hash computed when the program was compiled.
// Not thread-safe: the "proc" scope is one set per worker.
// Source: HAProxy configuration manual, section 2.8 "Variables" and "set-var".
#ifndef LB_DATAPLANE_RULES_VARIABLES_H_
#define LB_DATAPLANE_RULES_VARIABLES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/rules/sample.h"

namespace lb::rules {

// A compiled variable name, without its scope.
struct VariableKey {
  explicit VariableKey(std::string_view text);
  std::string name;
  uint64_t hash;
};

class VariableSet {
 public:
  // No value when unset. The sample's text holds until this variable is set again or cleared.
  Sample Get(const VariableKey& key) const;
  // Copies the text. A sample without a value unsets.
  void Set(const VariableKey& key, const Sample& value);
  void Unset(const VariableKey& key);
  void Clear() { used_ = 0; }
  size_t size() const { return used_; }

 private:
  struct Slot {
    uint64_t hash = 0;
    std::string name;
    std::string text;
    Sample value;
  };

  Slot* Find(const VariableKey& key) const;

  // Slots are apart from each other so that a text stays where it is while others are set.
  std::vector<std::unique_ptr<Slot>> slots_;
  size_t used_ = 0;  // the first `used_` slots hold a variable
};

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_VARIABLES_H_
