#include "controlplane/config/log_format.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "common/base/status.h"
#include "common/catalog/log_formats.h"
#include "controlplane/config/keyword.h"

namespace lb::config {
namespace {

struct Flags {
  bool quote = false;
  bool escape = false;
  bool mandatory_space = false;
  bool hex = false;
};

std::string TagHint(std::string_view name) {
  std::vector<std::string_view> names;
  for (const catalog::LogTag& tag : catalog::AllLogTags()) names.push_back(tag.name);
  const std::string closest = Closest(name, names);
  return closest.empty() ? "" : absl::StrCat("; did you mean '%", closest, "'?");
}

class FormatParser {
 public:
  FormatParser(std::string_view text, TagScope tags, const ExpressionSite& site, SpaceRuns spaces)
      : text_(text), tags_(tags), site_(site), spaces_(spaces) {}

  absl::StatusOr<v1::LogFormat> Run() {
    while (pos_ < text_.size()) {
      if (text_[pos_] == '%') {
        LB_RETURN_IF_ERROR(Item());
      } else {
        Literal(text_[pos_++]);
      }
    }
    FlushLiteral();
    return std::move(format_);
  }

 private:
  char Peek() const { return pos_ < text_.size() ? text_[pos_] : '\0'; }

  void Literal(char c) {
    if (c == ' ' && spaces_ == SpaceRuns::kMerge) {
      const bool at_front = literal_.empty() && format_.items_size() == 0;
      if (at_front || literal_.ends_with(' ')) return;
    }
    literal_.push_back(c);
  }

  void FlushLiteral() {
    if (literal_.empty()) return;
    format_.add_items()->set_text(std::exchange(literal_, ""));
  }

  v1::LogItem* AddItem(const Flags& flags) {
    FlushLiteral();
    v1::LogItem* item = format_.add_items();
    item->set_quote(flags.quote);
    item->set_escape(flags.escape);
    item->set_mandatory_space(flags.mandatory_space);
    item->set_hex(flags.hex);
    return item;
  }

  // pos_ is at the percent sign.
  absl::Status Item() {
    ++pos_;
    if (Peek() == '%') {
      Literal('%');
      ++pos_;
      return absl::OkStatus();
    }
    Flags flags = defaults_;
    if (Peek() == '{') LB_RETURN_IF_ERROR(ReadFlags(&flags));
    if (Peek() == '[') return Expression(flags);
    return Tag(flags);
  }

  absl::Status ReadFlags(Flags* flags) {
    const size_t end = text_.find('}', pos_);
    if (end == std::string_view::npos) return InvalidArgument("missing '}' after '%{'");
    bool on = true;
    for (++pos_; pos_ < end; ++pos_) {
      switch (text_[pos_]) {
        case '+':
          on = true;
          break;
        case '-':
          on = false;
          break;
        case ',':
          break;
        case 'Q':
          flags->quote = on;
          break;
        case 'E':
          flags->escape = on;
          break;
        case 'M':
          flags->mandatory_space = on;
          break;
        case 'X':
          flags->hex = on;
          break;
        default:
          return InvalidArgument(absl::StrCat("unknown flag '", std::string(1, text_[pos_]),
                                              "' in '%{...}' (expected Q, E, X or M)"));
      }
    }
    ++pos_;
    return absl::OkStatus();
  }

  absl::Status Expression(const Flags& flags) {
    ++pos_;
    LB_ASSIGN_OR_RETURN(ParsedExpression parsed,
                        ParseExpression(text_.substr(pos_), ExpressionUse::kSample, site_));
    const std::string written(text_.substr(pos_, parsed.consumed));
    pos_ += parsed.consumed;
    if (Peek() != ']') return InvalidArgument(absl::StrCat("missing ']' after '%[", written, "'"));
    ++pos_;
    if (!parsed.is_usable_here) {
      return InvalidArgument(
          absl::StrCat("'", written, "' gives nothing at this point of an exchange"));
    }
    *AddItem(flags)->mutable_expr() = std::move(parsed.expr);
    return absl::OkStatus();
  }

  absl::Status Tag(const Flags& flags) {
    const size_t start = pos_;
    while (absl::ascii_isalnum(static_cast<unsigned char>(Peek()))) ++pos_;
    const std::string name(text_.substr(start, pos_ - start));
    if (name.empty()) return InvalidArgument("'%' without a tag (a plain '%' is '%%')");
    if (name == "o") {
      defaults_ = flags;
      return absl::OkStatus();
    }
    const catalog::LogTag* tag = catalog::FindLogTag(name);
    if (tag == nullptr) {
      return InvalidArgument(absl::StrCat("unknown log tag '%", name, "'", TagHint(name)));
    }
    if (tag->http_only && tags_ == TagScope::kTcpOnly) {
      return InvalidArgument(absl::StrCat("log tag '%", name, "' needs 'mode http'"));
    }
    AddItem(flags)->set_tag(name);
    return absl::OkStatus();
  }

  std::string_view text_;
  TagScope tags_;
  const ExpressionSite& site_;
  SpaceRuns spaces_;
  size_t pos_ = 0;
  std::string literal_;
  Flags defaults_;  // set by "%{...}o" for the tags after it
  v1::LogFormat format_;
};

}  // namespace

absl::StatusOr<v1::LogFormat> ParseLogFormat(std::string_view text, TagScope tags,
                                             const ExpressionSite& site, SpaceRuns spaces) {
  return FormatParser(text, tags, site, spaces).Run();
}

}  // namespace lb::config
