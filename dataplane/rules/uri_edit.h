// UriEdit: "set-uri", "set-path", "set-pathq", "set-query", "set-method", "replace-path",
// "replace-pathq", "replace-uri".
// Source: HAProxy configuration manual, the http-request actions of these names.
#ifndef LB_DATAPLANE_RULES_URI_EDIT_H_
#define LB_DATAPLANE_RULES_URI_EDIT_H_

#include <cstdint>
#include <optional>

#include "dataplane/rules/log_format.h"
#include "dataplane/rules/regex.h"

namespace lb::rules {

struct UriEdit {
  enum class Kind : uint8_t {
    kSetUri,
    kSetPath,
    kSetPathQ,
    kSetQuery,
    kSetMethod,
    kReplacePath,
    kReplacePathQ,
    kReplaceUri,
  };
  Kind kind = Kind::kSetUri;
  LogFormat value;
  std::optional<Regex> regex;

  // Changes `context.request`. False when the result could not stand in a request line (a blank or
  // a control byte in it, or nothing left): the request is then unchanged.
  bool Apply(TxnContext& context) const;
};

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_URI_EDIT_H_
