#include "dataplane/rules/expr.h"

#include <utility>

namespace lb::rules {

struct Expr::Program {
  FetchFunction fetch;
  ProgramArgs args;
  std::vector<Step> steps;
};

Expr::Expr(FetchFunction fetch, ProgramArgs args, std::vector<Step> steps)
    : program_(std::make_shared<const Program>(Program{fetch, std::move(args), std::move(steps)})) {
}

Sample Expr::Evaluate(TxnContext& context) const {
  return Convert(program_->fetch(program_->args, context, /*cursor=*/nullptr), context);
}

Sample Expr::EvaluateNext(TxnContext& context, FetchCursor* cursor) const {
  cursor->has_more = false;
  return Convert(program_->fetch(program_->args, context, cursor), context);
}

Sample Expr::Convert(Sample sample, TxnContext& context) const {
  for (const Step& step : program_->steps) {
    sample = CastTo(sample, step.input, *context.arena);
    if (!sample.has_value()) return sample;
    sample = step.function(sample, step.args, context);
  }
  return sample;
}

Sample CastTo(const Sample& sample, catalog::ValueType type, http::Arena& arena) {
  switch (type) {
    case catalog::ValueType::kBool: {
      std::optional<bool> value = sample.ToBool();
      return value.has_value() ? Sample::Bool(*value) : Sample();
    }
    case catalog::ValueType::kInt: {
      std::optional<int64_t> value = sample.ToInt();
      return value.has_value() ? Sample::Int(*value) : Sample();
    }
    case catalog::ValueType::kAddress: {
      std::optional<IpAddress> value = sample.ToIp();
      return value.has_value() ? Sample::Ip(*value) : Sample();
    }
    case catalog::ValueType::kString:
    case catalog::ValueType::kMethod: {
      std::optional<std::string_view> value = sample.ToText(arena);
      return value.has_value() ? Sample::Text(*value) : Sample();
    }
    case catalog::ValueType::kBinary: {
      std::optional<std::string_view> value = sample.ToBytes(arena);
      return value.has_value() ? Sample::Bytes(*value) : Sample();
    }
    case catalog::ValueType::kAny:
    case catalog::ValueType::kSame:
      return sample;
  }
  return sample;
}

}  // namespace lb::rules
