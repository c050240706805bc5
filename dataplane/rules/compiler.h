// The rule compiler: rule messages of a snapshot -> programs. The only place of this room that sees
// protobuf. Runs on the main thread, once per snapshot; what it returns is immutable.
//
// Errors are INVALID_ARGUMENT and name the rule and what was wrong with it:
// "http-request rule 3: regex '(a': missing closing parenthesis at offset 2".
#ifndef LB_DATAPLANE_RULES_COMPILER_H_
#define LB_DATAPLANE_RULES_COMPILER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "common/catalog/catalog.h"
#include "dataplane/rules/condition.h"
#include "dataplane/rules/expr.h"
#include "dataplane/rules/http_rules.h"
#include "dataplane/rules/log_format.h"
#include "dataplane/rules/tcp_rules.h"
#include "lb/v1/rule.pb.h"

namespace lb::rules {

// A proxy's ACLs, numbered as in the snapshot. Conditions share them; the list itself may go away
// once the proxy's rules are compiled.
using AclList = std::vector<std::shared_ptr<const Acl>>;

// What compilation asks of the outside.
struct CompileEnvironment {
  // For env(). Read once, at compilation.
  std::function<std::optional<std::string>(std::string_view)> getenv;
  static CompileEnvironment Real();
};

// One per proxy: first CompileAcls(), then the rest in any order.
class Compiler {
 public:
  explicit Compiler(CompileEnvironment environment) : environment_(std::move(environment)) {}

  // Must come before whatever has conditions.
  absl::Status CompileAcls(const google::protobuf::RepeatedPtrField<v1::Acl>& acls);

  absl::StatusOr<HttpRules> CompileHttpRules(
      const google::protobuf::RepeatedPtrField<v1::HttpRule>& rules,
      catalog::Direction direction) const;
  // Those of `phase` among `rules`.
  absl::StatusOr<TcpRules> CompileTcpRules(
      const google::protobuf::RepeatedPtrField<v1::TcpRule>& rules, v1::TcpRule::Phase phase) const;
  absl::StatusOr<UseBackends> CompileUseBackends(
      const google::protobuf::RepeatedPtrField<v1::UseBackend>& rules) const;
  absl::StatusOr<Condition> CompileCondition(const v1::Condition& condition) const;
  absl::StatusOr<LogFormat> CompileLogFormat(const v1::LogFormat& format, TextUse use) const;
  absl::StatusOr<Expr> CompileExpr(const v1::Expr& expr) const;

 private:
  absl::StatusOr<Acl> CompileAcl(const v1::Acl& acl) const;
  absl::StatusOr<HttpRule> CompileHttpRule(const v1::HttpRule& rule,
                                           catalog::Direction direction) const;
  absl::StatusOr<ReplyTemplate> CompileReply(const v1::Reply& reply, uint16_t default_status,
                                             ReplyTemplate::Body without_body) const;
  absl::StatusOr<HeaderEdit> CompileHeaderEdit(const v1::HeaderEdit& edit) const;
  absl::StatusOr<UriEdit> CompileUriEdit(const v1::UriEdit& edit) const;
  absl::StatusOr<Redirect> CompileRedirect(const v1::Redirect& redirect) const;
  absl::StatusOr<SetVar> CompileSetVar(const v1::SetVar& set) const;

  CompileEnvironment environment_;
  AclList acls_;
};

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_COMPILER_H_
