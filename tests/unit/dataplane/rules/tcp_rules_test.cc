#include "dataplane/rules/tcp_rules.h"

#include "tests/unit/dataplane/rules/exchange_fixture.h"

namespace lb::rules {
namespace {

class TcpRuleLists : public Exchange {
 protected:
  // ACL 0: the client is in 127.0.0.0/8. ACL 1: the path begins with /blog.
  TcpRuleLists() {
    google::protobuf::RepeatedPtrField<v1::Acl> acls;
    *acls.Add() = ParseProto<v1::Acl>(
        "tests { expr { fetch: 'src' } method: MATCH_IP patterns: '127.0.0.0/8' }");
    *acls.Add() =
        ParseProto<v1::Acl>("tests { expr { fetch: 'path' } method: MATCH_BEG patterns: '/blog' }");
    EXPECT_TRUE(compiler_.CompileAcls(acls).ok());
  }

  TcpVerdict Apply(const std::vector<std::string>& rules) {
    google::protobuf::RepeatedPtrField<v1::TcpRule> wire;
    for (const std::string& rule : rules) *wire.Add() = ParseProto<v1::TcpRule>(rule);
    absl::StatusOr<TcpRules> compiled = compiler_.CompileTcpRules(wire, v1::TcpRule::CONNECTION);
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    return compiled->Apply(context_);
  }

  std::string Choose(const std::vector<std::string>& rules) {
    google::protobuf::RepeatedPtrField<v1::UseBackend> wire;
    for (const std::string& rule : rules) *wire.Add() = ParseProto<v1::UseBackend>(rule);
    absl::StatusOr<UseBackends> compiled = compiler_.CompileUseBackends(wire);
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    return std::string(compiled->Choose(
        context_, [](std::string_view name) { return name == "bk-fe" || name == "blog"; }));
  }
};

TEST_F(TcpRuleLists, TheFirstVerdictCounts) {
  EXPECT_EQ(Apply({}), TcpVerdict::kAccept);
  EXPECT_EQ(Apply({"phase: CONNECTION reject: true"}), TcpVerdict::kReject);
  EXPECT_EQ(Apply({"phase: CONNECTION accept: true", "phase: CONNECTION reject: true"}),
            TcpVerdict::kAccept);
  std::string local = "phase: CONNECTION condition { any_of { terms { acl: 0 } } } ";
  EXPECT_EQ(Apply({local + "reject: true"}), TcpVerdict::kReject);
  client_ = *Address::FromIp("10.0.0.1", 1);
  EXPECT_EQ(Apply({local + "reject: true"}), TcpVerdict::kAccept);
}

TEST_F(TcpRuleLists, OtherPhasesAreNotCompiled) {
  EXPECT_EQ(Apply({"phase: CONTENT reject: true", "phase: SESSION reject: true"}),
            TcpVerdict::kAccept);
}

TEST_F(TcpRuleLists, VariablesCanBeSet) {
  Apply({"phase: CONNECTION set_var { scope: 'sess' name: 'port' expr { fetch: 'dst_port' } }"});
  EXPECT_EQ(Eval("var(sess.port)"), "80");
}

TEST_F(TcpRuleLists, UseBackendTakesTheFirstThatHolds) {
  std::string blog = "condition { any_of { terms { acl: 1 } } } backend: 'blog'";
  EXPECT_EQ(Choose({blog}), "");
  EXPECT_EQ(Choose({blog, "backend: 'other'"}), "other");
  SetRequest("GET", "/blog/1", {});
  EXPECT_EQ(Choose({blog, "backend: 'other'"}), "blog");
}

TEST_F(TcpRuleLists, AComputedBackendMustExist) {
  EXPECT_EQ(Choose({"format { items { text: 'bk-' } items { tag: 'f' } }"}), "bk-fe");
  EXPECT_EQ(Choose({"format { items { text: 'nope' } }", "backend: 'other'"}), "");
}

}  // namespace
}  // namespace lb::rules
