// HeaderEdit: "set-header", "add-header", "del-header", "replace-header", "replace-value".
// Source: HAProxy configuration manual, "http-request set-header" and its like.
#ifndef LB_DATAPLANE_RULES_HEADER_EDIT_H_
#define LB_DATAPLANE_RULES_HEADER_EDIT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "common/catalog/catalog.h"
#include "dataplane/http/message.h"
#include "dataplane/rules/log_format.h"
#include "dataplane/rules/regex.h"

namespace lb::rules {

struct HeaderEdit {
  enum class Kind : uint8_t { kSet, kAdd, kDel, kReplaceHeader, kReplaceValue };
  Kind kind = Kind::kSet;
  std::string name;
  LogFormat value;             // the replacement, for the two kReplace kinds
  std::optional<Regex> regex;  // the kReplace kinds, and kDel by regular expression
  catalog::Match match = catalog::Match::kString;  // kDel: kString, kBegin, kEnd, kSub, kRegex

  // Names are compared ignoring case. New values are in the exchange's arena.
  void Apply(http::HeaderList& headers, TxnContext& context) const;
};

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_HEADER_EDIT_H_
