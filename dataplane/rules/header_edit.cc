#include "dataplane/rules/header_edit.h"

#include <algorithm>

#include "dataplane/rules/header_values.h"
#include "dataplane/rules/log_tags.h"

namespace lb::rules {
namespace {

using catalog::Match;

// Whether `part` stands in `name` at one of the places that `match` allows.
bool NameMatches(std::string_view name, std::string_view part, Match match) {
  if (name.size() < part.size()) return false;
  size_t last = name.size() - part.size();
  switch (match) {
    case Match::kBegin:
      return http::EqualsIgnoreCase(name.substr(0, part.size()), part);
    case Match::kEnd:
      return http::EqualsIgnoreCase(name.substr(last), part);
    case Match::kSub:
      for (size_t at = 0; at <= last; ++at) {
        if (http::EqualsIgnoreCase(name.substr(at, part.size()), part)) return true;
      }
      return false;
    default:
      return http::EqualsIgnoreCase(name, part);
  }
}

void Delete(const HeaderEdit& edit, http::HeaderList& headers, TxnContext& context) {
  headers.RemoveIf([&](const http::Header& header) {
    if (edit.match != Match::kRegex) return NameMatches(header.name, edit.name, edit.match);
    // Patterns are written for lower-case names, which is how HTTP/2 and logs show them.
    char* lower = context.arena->Allocate(header.name.size());
    std::transform(header.name.begin(), header.name.end(), lower,
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return edit.regex->Matches({lower, header.name.size()});
  });
}

// Appends the replacement. "\xHH" can make any byte, and a replacement may come from the request:
// what a field value cannot hold is encoded.
void AppendReplacement(std::string_view replacement, const Regex::Groups& groups,
                       std::string* out) {
  size_t start = out->size();
  ExpandReplacement(replacement, groups, out);
  bool is_clean = std::none_of(out->begin() + static_cast<std::ptrdiff_t>(start), out->end(),
                               [](char c) { return static_cast<uint8_t>(c) < 32 || c == 127; });
  if (is_clean) return;
  std::string raw = out->substr(start);
  out->resize(start);
  AppendEncoded(raw, Encoding::kFieldValue, '%', /*escape=*/false, out);
}

// The value becomes the replacement as a whole, wherever in it the pattern was found.
void ReplaceHeader(const HeaderEdit& edit, http::Header& header, std::string_view replacement,
                   TxnContext& context) {
  Regex::Groups groups;
  if (!edit.regex->Find(header.value, 0, &groups)) return;
  std::string& scratch = *context.scratch;
  size_t keep = scratch.size();
  AppendReplacement(replacement, groups, &scratch);
  header.value = context.arena->Copy(std::string_view(scratch).substr(keep));
  scratch.resize(keep);
}

// Elements that match become the replacement, without the blanks around them; others stay as they
// are written.
void ReplaceValues(const HeaderEdit& edit, http::Header& header, std::string_view replacement,
                   TxnContext& context) {
  std::string& scratch = *context.scratch;
  size_t keep = scratch.size();
  bool is_changed = false;
  Regex::Groups groups;
  for (size_t offset = 0; offset != std::string_view::npos;) {
    size_t start = offset;
    std::string_view element = NextListElement(header.value, &offset);
    size_t end = offset == std::string_view::npos ? header.value.size() : offset - 1;
    if (start > 0) scratch.push_back(',');
    if (edit.regex->Find(element, 0, &groups)) {
      AppendReplacement(replacement, groups, &scratch);
      is_changed = true;
    } else {
      scratch.append(header.value.substr(start, end - start));
    }
  }
  if (is_changed) header.value = context.arena->Copy(std::string_view(scratch).substr(keep));
  scratch.resize(keep);
}

}  // namespace

void HeaderEdit::Apply(http::HeaderList& headers, TxnContext& context) const {
  if (kind == Kind::kDel) return Delete(*this, headers, context);
  std::string_view text = value.Render(context);
  switch (kind) {
    case Kind::kSet:
      headers.Remove(name);
      headers.Add(name, text);
      return;
    case Kind::kAdd:
      headers.Add(name, text);
      return;
    default:
      break;
  }
  for (http::Header& header : headers) {
    if (!http::EqualsIgnoreCase(header.name, name)) continue;
    if (kind == Kind::kReplaceHeader) {
      ReplaceHeader(*this, header, text, context);
    } else {
      ReplaceValues(*this, header, text, context);
    }
  }
}

}  // namespace lb::rules
