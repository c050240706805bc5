// An exchange to evaluate programs in: a request, a connection, a response when asked for, and
// expressions written as in a configuration file.
#ifndef LB_TESTS_UNIT_DATAPLANE_RULES_EXCHANGE_FIXTURE_H_
#define LB_TESTS_UNIT_DATAPLANE_RULES_EXCHANGE_FIXTURE_H_

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "google/protobuf/text_format.h"

#include "dataplane/rules/compiler.h"
#include "lb/v1/rule.pb.h"

namespace lb::rules {

class FakeLookup : public ProxyLookup {
 public:
  std::optional<FrontendFacts> FindFrontend(FrontendId id) const override {
    return Find(frontends, id);
  }
  std::optional<BackendFacts> FindBackend(BackendId id) const override {
    return Find(backends, id);
  }
  std::optional<ServerFacts> FindServer(ServerId id) const override { return Find(servers, id); }

  std::map<FrontendId, FrontendFacts> frontends;
  std::map<BackendId, BackendFacts> backends;
  std::map<ServerId, ServerFacts> servers;

 private:
  template <typename Map>
  static std::optional<typename Map::mapped_type> Find(const Map& map, uint64_t id) {
    auto found = map.find(id);
    if (found == map.end()) return std::nullopt;
    return found->second;
  }
};

// "req.hdr(a,2),lower,field(1,/)". No quoting: arguments hold no comma and no unbalanced bracket.
inline v1::Expr ParseExpr(std::string_view text) {
  v1::Expr expr;
  bool is_fetch = true;
  size_t at = 0;
  while (at < text.size()) {
    size_t end = text.find_first_of("(,", at);
    std::string name(text.substr(at, end == text.npos ? text.npos : end - at));
    std::vector<std::string> args;
    at = end == text.npos ? text.size() : end + 1;
    if (end != text.npos && text[end] == '(') {
      size_t close = end;
      for (int depth = 0; close < text.size(); ++close) {
        depth += text[close] == '(' ? 1 : text[close] == ')' ? -1 : 0;
        if (depth == 0) break;
      }
      std::string_view inside = text.substr(at, close - at);
      for (size_t from = 0; from <= inside.size();) {
        size_t comma = std::min(inside.find(',', from), inside.size());
        args.emplace_back(inside.substr(from, comma - from));
        from = comma + 1;
      }
      at = close + 2;
    }
    if (is_fetch) {
      expr.set_fetch(name);
      for (std::string& arg : args) expr.add_args(std::move(arg));
    } else {
      v1::Converter* converter = expr.add_converters();
      converter->set_name(name);
      for (std::string& arg : args) converter->add_args(std::move(arg));
    }
    is_fetch = false;
  }
  return expr;
}

template <typename Message>
Message ParseProto(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

class Exchange : public testing::Test {
 protected:
  Exchange()
      : compiler_({[](std::string_view name) -> std::optional<std::string> {
          if (name == "SET") return "value";
          return std::nullopt;
        }}) {
    process_.hostname = "vm";
    process_.pid = 26909;
    client_ = *Address::FromIp("127.0.0.1", 50804);
    local_ = *Address::FromIp("127.0.0.2", 80);
    server_address_ = *Address::FromIp("10.0.0.1", 8080);
    upstream_local_ = *Address::FromIp("10.0.0.9", 40000);
    context_.arena = &arena_;
    context_.scratch = &scratch_;
    context_.clock = &clock_;
    context_.random_state = &random_state_;
    context_.process = &process_;
    context_.lookup = &lookup_;
    context_.client = &client_;
    context_.local = &local_;
    context_.listener_number = 1;
    context_.frontend = {"fe", 2};
    context_.default_backend = "bk";
    context_.proc_vars = &vars_[0];
    context_.sess_vars = &vars_[1];
    context_.txn_vars = &vars_[2];
    context_.req_vars = &vars_[3];
    context_.res_vars = &vars_[4];
    SetRequest("GET", "/p/a.html?k=v&n=12&e=&m=x%20y&f&j=1;j2=3", {{"Host", "h.example.com:81"}});
  }

  void SetRequest(std::string_view method, std::string_view target,
                  std::vector<std::pair<std::string_view, std::string_view>> headers) {
    request_.Clear();
    request_.method = method;
    request_.target = target;
    for (const auto& [name, value] : headers) request_.headers.Add(name, value);
    context_.request = &request_;
    context_.request_line = arena_.Concat({method, " ", target, " HTTP/1.1"});
  }

  void SetResponse(uint16_t status,
                   std::vector<std::pair<std::string_view, std::string_view>> headers) {
    response_.Clear();
    response_.status = status;
    response_.reason = "OK";
    for (const auto& [name, value] : headers) response_.headers.Add(name, value);
    context_.response = &response_;
  }

  // The text of an expression; "(none)" when it has no value, "(error) ..." when it does not
  // compile.
  std::string Eval(std::string_view text) {
    absl::StatusOr<Expr> expr = compiler_.CompileExpr(ParseExpr(text));
    if (!expr.ok()) return "(error) " + std::string(expr.status().message());
    std::optional<std::string_view> value = expr->Evaluate(context_).ToText(arena_);
    return value.has_value() ? std::string(*value) : "(none)";
  }

  void SetTxnVar(std::string_view name, const Sample& value) {
    context_.txn_vars->Set(VariableKey(name), value);
  }

  // "name: value" lines of a header list.
  static std::string Dump(const http::HeaderList& headers) {
    std::string text;
    for (const http::Header& header : headers) {
      text.append(header.name).append(": ").append(header.value).append("\n");
    }
    return text;
  }

  Compiler compiler_;
  http::Arena arena_;
  std::string scratch_;
  FakeClock clock_;
  uint64_t random_state_ = 1;
  ProcessFacts process_;
  FakeLookup lookup_;
  Address client_;
  Address local_;
  Address server_address_;
  Address upstream_local_;
  VariableSet vars_[5];
  http::RequestHead request_;
  http::ResponseHead response_;
  TxnContext context_;
};

}  // namespace lb::rules

#endif  // LB_TESTS_UNIT_DATAPLANE_RULES_EXCHANGE_FIXTURE_H_
