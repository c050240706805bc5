// HttpRules: one proxy's compiled "http-request", "http-response" or "http-after-response" list.
//
//   HttpVerdict verdict = frontend.http_request.Apply(context);
//   if (verdict.kind != HttpVerdict::Kind::kContinue) ... answer with verdict.reply ...
//
// Rules run in file order; header and URI edits take effect at once on the context's heads, and the
// first final action ends the list. Immutable once compiled; shared by all workers.
// Source: HAProxy configuration manual, "http-request" and "http-response" actions.
#ifndef LB_DATAPLANE_RULES_HTTP_RULES_H_
#define LB_DATAPLANE_RULES_HTTP_RULES_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/clock.h"
#include "common/catalog/catalog.h"
#include "dataplane/http/message.h"
#include "dataplane/rules/condition.h"
#include "dataplane/rules/context.h"
#include "dataplane/rules/header_edit.h"
#include "dataplane/rules/redirect.h"
#include "dataplane/rules/reply.h"
#include "dataplane/rules/set_var.h"
#include "dataplane/rules/uri_edit.h"

namespace lb::rules {

// What "wait-for-body" waits for: the whole body or `at_least` bytes of it (0: all), or a buffer
// full, `time` at most (0: no limit).
struct BodyWait {
  Millis time{0};
  uint64_t at_least = 0;
};

struct HttpVerdict {
  enum class Kind : uint8_t {
    kContinue,  // nothing final: go on with the next list
    kDeny,      // count as denied; HAProxy logs "PR" for requests, "PH" for responses
    kReturn,    // "LR"
    kRedirect,  // "LR"
    kAuth,      // a 401 (or 407) challenge; "PR"
    kService,   // hand the request to `service`; "LR"
    kError,     // a rule could not be applied: answer with `reply`, a 500
    kWait,      // for `wait`; then Apply() again, from `resume_at` on
  };
  Kind kind = Kind::kContinue;
  LocalReply reply;          // kDeny, kReturn, kRedirect, kAuth, kError
  std::string_view service;  // kService: "prometheus-exporter"
  BodyWait wait;
  size_t resume_at = 0;
};

// The actions that are not in a file of their own.
struct DenyAction {
  ReplyTemplate reply;
};
struct ReturnAction {
  ReplyTemplate reply;
};
struct ServiceAction {
  std::string name;
};
struct AuthAction {
  std::string realm;
};
struct AllowAction {};
struct WaitAction {
  BodyWait wait;
};
struct CaptureAction {
  LogFormat value;
  size_t slot = 0;
  size_t max_length = 0;  // bytes kept; 0: all
};
struct LogLevelAction {
  int level = kLogLevelUnset;
};
struct StatusAction {
  uint16_t status = 0;
  std::string reason;  // empty: the status' own
};

struct HttpRule {
  Condition condition;
  std::variant<AllowAction, HeaderEdit, UriEdit, SetVar, CaptureAction, LogLevelAction,
               StatusAction, DenyAction, ReturnAction, Redirect, ServiceAction, AuthAction,
               WaitAction>
      action;
};

class HttpRules {
 public:
  HttpRules() = default;
  HttpRules(catalog::Direction direction, std::vector<HttpRule> rules, size_t capture_slots)
      : direction_(direction), rules_(std::move(rules)), capture_slots_(capture_slots) {}

  bool empty() const { return rules_.empty(); }
  size_t size() const { return rules_.size(); }
  // How many capture slots this list writes to (the highest one plus one).
  size_t capture_slots() const { return capture_slots_; }

  // `context.request` must be set for request rules, `context.response` for response rules.
  // Makes room for the list's capture slots. So that "%hr" and "%hs" show all slots also when a
  // list never ran, the proxy sizes both vectors of the context when a request's head has been
  // received.
  // `first`: the rule to begin with, after kWait.
  HttpVerdict Apply(TxnContext& context, size_t first = 0) const;

 private:
  enum class Outcome : uint8_t { kDone, kFailed, kFinal };
  Outcome ApplyEdit(const HttpRule& rule, std::vector<std::string_view>& slots,
                    TxnContext& context) const;
  HttpVerdict Finish(const HttpRule& rule, TxnContext& context) const;

  catalog::Direction direction_ = catalog::Direction::kRequest;
  std::vector<HttpRule> rules_;
  size_t capture_slots_ = 0;
};

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_HTTP_RULES_H_
