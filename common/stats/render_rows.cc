#include "common/stats/render_rows.h"

#include <string_view>

#include "absl/strings/str_cat.h"

#include "common/stats/json.h"

namespace lb::stats {
namespace {

// Quotes only what needs it, as HAProxy does.
void AppendCsvText(std::string_view text, std::string* out) {
  if (text.find_first_of("\r\n,\"") == std::string_view::npos) {
    out->append(text);
    return;
  }
  *out += '"';
  for (char c : text) {
    if (c == '"') *out += '"';
    *out += c;
  }
  *out += '"';
}

template <typename Function>
void ForEachPresent(const Row& row, const Function& function) {
  for (size_t i = 0; i < kFieldCount; ++i) {
    const Field field = static_cast<Field>(i);
    if (row.has(field)) function(field, static_cast<int>(i));
  }
}

char KindLetter(RowKind kind) { return "FBSL"[static_cast<size_t>(kind)]; }

std::string_view KindName(RowKind kind) {
  constexpr std::string_view kNames[] = {"Frontend", "Backend", "Server", "Listener"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace

std::string RenderCsv(const std::vector<Row>& rows) {
  std::string text = "# ";
  for (size_t i = 0; i < kFieldCount; ++i) {
    text.append(FactsOf(static_cast<Field>(i)).name).append(",");
  }
  text += '\n';
  for (const Row& row : rows) {
    for (size_t i = 0; i < kFieldCount; ++i) {
      const Field field = static_cast<Field>(i);
      if (field == Field::kSeparator) {
        text += '-';
      } else if (row.form(field) == Row::Form::kText) {
        AppendCsvText(row.text(field), &text);
      } else if (row.has(field)) {
        absl::StrAppend(&text, row.number(field));
      }
      text += ',';
    }
    text += '\n';
  }
  return text;
}

std::string RenderTyped(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    const std::string prefix =
        absl::StrCat(std::string(1, KindLetter(row.kind())), ".", row.number(Field::kIid), ".",
                     row.number(Field::kSid), ".");
    ForEachPresent(row, [&](Field field, int position) {
      const FieldFacts& facts = FactsOf(field);
      absl::StrAppend(&text, prefix, position, ".", std::string(facts.name),
                      ".1:", std::string(facts.tags), ":", std::string(facts.type), ":");
      absl::StrAppend(&text, row.ToString(field), "\n");
    });
  }
  return text;
}

std::string RenderJson(const std::vector<Row>& rows) {
  std::string text = "[";
  for (const Row& row : rows) {
    text += text.size() > 1 ? ",[" : "[";
    const std::string head = absl::StrCat("{\"objType\":\"", std::string(KindName(row.kind())),
                                          "\",\"proxyId\":", row.number(Field::kIid),
                                          ",\"id\":", row.number(Field::kSid), ",");
    ForEachPresent(row, [&](Field field, int position) {
      const FieldFacts& facts = FactsOf(field);
      if (text.back() == '}') text += ',';
      text += head;
      AppendJsonField({position, facts.name, facts.tags, facts.type}, &text);
      if (row.form(field) == Row::Form::kText) {
        AppendJsonString(row.text(field), &text);
      } else {
        absl::StrAppend(&text, row.number(field));
      }
      text += "}}";
    });
    text += ']';
  }
  text += "]\n";
  return text;
}

}  // namespace lb::stats
