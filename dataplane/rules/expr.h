// Expr: a compiled sample expression: one fetch followed by converters, "req.hdr(host),lower".
//
// Immutable once compiled; shared by all workers. Evaluation allocates only in the exchange's
// Arena. Source: HAProxy configuration manual, section 7.3.
#ifndef LB_DATAPLANE_RULES_EXPR_H_
#define LB_DATAPLANE_RULES_EXPR_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "common/catalog/catalog.h"
#include "dataplane/rules/context.h"
#include "dataplane/rules/program_args.h"
#include "dataplane/rules/sample.h"

namespace lb::rules {

// Where a fetch that has several values (header values, cookies, URL parameters) goes on.
struct FetchCursor {
  size_t field = 0;       // index of the header field
  size_t offset = 0;      // within its value
  bool has_more = false;  // set by the fetch: call again for the next value
};

// `cursor` null: the one value the fetch stands for (the last occurrence of a header). Else: the
// next of all its values, for ACLs.
using FetchFunction = Sample (*)(const ProgramArgs& args, TxnContext& context, FetchCursor* cursor);
// `in` always has a value, already cast to the converter's input type.
using ConvertFunction = Sample (*)(const Sample& in, const ProgramArgs& args, TxnContext& context);

class Expr {
 public:
  struct Step {
    ConvertFunction function = nullptr;
    catalog::ValueType input = catalog::ValueType::kAny;
    ProgramArgs args;
  };

  Expr() = default;
  Expr(FetchFunction fetch, ProgramArgs args, std::vector<Step> steps);

  // No value when the fetch has none or a converter fails.
  Sample Evaluate(TxnContext& context) const;
  // The next of all values. Start with a fresh cursor; go on while it `has_more`. A value that a
  // converter refuses comes back empty.
  Sample EvaluateNext(TxnContext& context, FetchCursor* cursor) const;

 private:
  struct Program;
  Sample Convert(Sample sample, TxnContext& context) const;

  std::shared_ptr<const Program> program_;
};

// `sample` as the type a converter asks for; no value when it cannot be.
Sample CastTo(const Sample& sample, catalog::ValueType type, http::Arena& arena);

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_EXPR_H_
