#include "dataplane/rules/log_format.h"

namespace lb::rules {
namespace {

// Appends `text`; of blanks in a row, also across items, only the first is kept.
void AppendMergingBlanks(std::string_view text, bool* after_blank, std::string* out) {
  for (char c : text) {
    if (c == ' ' && *after_blank) continue;
    *after_blank = c == ' ';
    out->push_back(c);
  }
}

}  // namespace

void LogFormat::AppendTo(TxnContext& context, std::string* out) const {
  // A line does not begin with a blank, and a tag that prints nothing leaves no second one.
  bool after_blank = true;
  for (const Item& item : items_) {
    size_t before = out->size();
    switch (item.kind) {
      case Item::Kind::kText:
        if (use_ == TextUse::kLog) {
          AppendMergingBlanks(item.text, &after_blank, out);
        } else {
          out->append(item.text);
        }
        continue;
      case Item::Kind::kTag:
        AppendTag(item.tag, item.flags, context, out);
        break;
      case Item::Kind::kExpr:
        AppendExpr(item, context, out);
        break;
    }
    if (out->size() != before) after_blank = false;
  }
}

void LogFormat::AppendExpr(const Item& item, TxnContext& context, std::string* out) const {
  std::string_view text =
      item.expr.Evaluate(context).ToText(*context.arena).value_or(std::string_view());
  if (use_ == TextUse::kLog) {
    AppendLogString(text, Encoding::kControls, item.flags, out);
  } else if (text.empty() && item.flags.dash_when_empty) {
    out->push_back('-');
  } else if (use_ == TextUse::kRaw) {
    out->append(text);
  } else {
    AppendEncoded(text, Encoding::kFieldValue, '%', item.flags.escape, out);
  }
}

std::string_view LogFormat::Render(TxnContext& context) const {
  if (items_.size() == 1 && items_[0].kind == Item::Kind::kText) return items_[0].text;
  std::string& scratch = *context.scratch;
  size_t keep = scratch.size();
  AppendTo(context, &scratch);
  std::string_view text = context.arena->Copy(std::string_view(scratch).substr(keep));
  scratch.resize(keep);
  return text;
}

}  // namespace lb::rules
