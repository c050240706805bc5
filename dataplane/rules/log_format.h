// LogFormat: a compiled log-format string: literals, "%" tags and sample expressions.
//
// Immutable once compiled; shared by all workers. Evaluation allocates only in the exchange's Arena
// and in the caller's buffer.
// Source: HAProxy configuration manual, sections 8.2.6 (tags, flags) and 8.6 (escaping).
#ifndef LB_DATAPLANE_RULES_LOG_FORMAT_H_
#define LB_DATAPLANE_RULES_LOG_FORMAT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/rules/context.h"
#include "dataplane/rules/expr.h"
#include "dataplane/rules/log_tags.h"

namespace lb::rules {

// What the text is for, which decides how odd bytes, missing values and blanks are written.
enum class TextUse : uint8_t {
  // Control bytes of expressions become "#XX" (HAProxy lets them through, and so lets a request
  // forge log lines); a missing value is "-"; blanks between items are merged into one.
  kLog,
  // Bytes of expressions that a field value cannot hold become "%XX"; a missing value is empty.
  // Literals with such bytes do not compile.
  kHeader,
  // As kHeader, but literals may hold any byte: bodies of replies.
  kBody,
  // Bytes as they are; a missing value is empty: names, variables, captures.
  kRaw,
};

class LogFormat {
 public:
  struct Item {
    enum class Kind : uint8_t { kText, kTag, kExpr };
    Kind kind = Kind::kText;
    std::string text;
    TagId tag = TagId::kBytesRead;
    Expr expr;
    TagFlags flags;
  };

  LogFormat() = default;
  LogFormat(std::vector<Item> items, TextUse use) : items_(std::move(items)), use_(use) {}

  bool empty() const { return items_.empty(); }

  // Appends the text to `out`, which may be the scratch buffer. Tags of the exchange's end need
  // `context.log`.
  void AppendTo(TxnContext& context, std::string* out) const;

  // The text in the exchange's arena (or in this program, when it is constant).
  std::string_view Render(TxnContext& context) const;

 private:
  void AppendExpr(const Item& item, TxnContext& context, std::string* out) const;

  std::vector<Item> items_;
  TextUse use_ = TextUse::kLog;
};

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_LOG_FORMAT_H_
