#include "controlplane/config/reference.h"

#include <span>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

#include "common/catalog/catalog.h"
#include "common/catalog/log_formats.h"
#include "common/catalog/unsupported.h"
#include "controlplane/config/condition.h"
#include "controlplane/config/keyword.h"
#include "controlplane/config/keywords/http_actions.h"
#include "controlplane/config/keywords/tables.h"

namespace lb::config {
namespace {

constexpr std::string_view kIntroduction = R"(# Configuration reference

This page is generated from the keyword tables (`controlplane/config/keywords/`) by `lb_config_docs`;
a test fails when the two differ. The language is that of HAProxy 2.6: a file that HAProxy takes is
taken, or refused with the name of what is not supported yet. Nothing is dropped silently.
Numbers in the column "manual" are sections of HAProxy's configuration manual.

## The language in short

- A file holds sections: `global`, `defaults`, `frontend`, `backend`, `listen` (a frontend and a backend in
  one). `-f` may be repeated; a directory stands for its `*.cfg` files in the order of their names.
- A statement is one line: a keyword and its words. `#` begins a comment.
- `\ `, `\#`, `\\`, `\"`, `\'`, `\$`, `\n`, `\r`, `\t` and `\xNN` are escapes; before anything else a
  backslash is itself. Double quotes protect blanks and expand variables; single quotes protect
  everything.
- Inside double quotes `$NAME` and `${NAME}` are environment variables, `${NAME-default}` has a value
  for when it is not set, `${NAME[*]}` splits into words. `.FILE`, `.LINE` and `.SECTION` are known too.
- An empty word ends its statement; what is dropped gets a warning, which names the variable that was
  not set.
- `.if`, `.elif`, `.else`, `.endif` choose lines; `.notice`, `.warning`, `.alert` report. Conditions are made of
  integers, `defined(NAME)`, `feature(NAME)`, `streq(A,B)`, `strneq(A,B)`, `version_atleast(V)`,
  `version_before(V)`, `!`, `&&`, `||` and parentheses.
- A `defaults` section gives its settings to the sections after it, up to the next one; `defaults NAME`
  gives them to those that say `from NAME`.
- Durations are numbers with `us`, `ms`, `s`, `m`, `h` or `d`; a bare number is milliseconds.
- Addresses: `10.0.0.1:80`, `:80` and `*:80` (any IPv4), `[::1]:80`, `::1:80` (the last part is the
  port), `ipv4@`, `ipv6@` (choose the family), `unix@/path` or `/path`, `abns@name`, `fd@3` (an inherited
  listener). `bind` takes port ranges and several addresses apart by commas. `server` takes names,
  resolved when the file is loaded, and `:+N`, `:-N` or no port: relative to the port the client used.
  `$NAME` and `${NAME}` are environment variables in addresses without double quotes too.

)";

// A table cell: bars would end it.
std::string Cell(std::string_view text) {
  return absl::StrReplaceAll(absl::string_view(text.data(), text.size()), {{"|", "\\|"}});
}

std::string Code(std::string_view text) {
  return text.empty() ? "" : absl::StrCat("`", Cell(text), "`");
}

std::string Places(Sections sections) {
  if (sections == kInGlobal) return "global";
  std::vector<std::string> names;
  for (SectionKind kind : {SectionKind::kDefaults, SectionKind::kFrontend, SectionKind::kBackend}) {
    if (sections & Bit(kind)) names.emplace_back(SectionName(kind));
  }
  return absl::StrJoin(names, ", ");
}

std::string Spelled(const KeywordText& text) {
  const std::string name(text.name);
  if (text.arguments.starts_with('(')) return Code(absl::StrCat(name, std::string(text.arguments)));
  return Code(text.arguments.empty() ? name : absl::StrCat(name, " ", std::string(text.arguments)));
}

bool IsTaken(const KeywordText& text) {
  return text.support == Support::kFull || text.support == Support::kNotYet;
}

// The summary, with what is missing so far.
std::string Meaning(const KeywordText& text) {
  std::string meaning = Cell(text.summary);
  if (text.support == Support::kNotYet) {
    absl::StrAppend(&meaning, " *Not honoured yet (a warning says so): ", Cell(text.reason), ".*");
  }
  return meaning;
}

void AppendKeywords(std::span<const Keyword> rows, std::string* page) {
  absl::StrAppend(
      page, "| keyword | in | default | meaning | manual |\n| --- | --- | --- | --- | --- |\n");
  for (const Keyword& row : rows) {
    if (!IsTaken(row.text)) continue;
    absl::StrAppend(page, "| ", Spelled(row.text), row.can_negate ? ", `no …`" : "", " | ",
                    Places(row.sections), " | ", Cell(row.text.fallback), " | ", Meaning(row.text),
                    " | ", std::string(row.text.manual), " |\n");
  }
  page->push_back('\n');
}

template <typename Row>
void AppendWithoutPlaces(std::span<const Row> rows, std::string* page) {
  absl::StrAppend(page, "| parameter | default | meaning |\n| --- | --- | --- |\n");
  for (const Row& row : rows) {
    if (!IsTaken(row.text)) continue;
    absl::StrAppend(page, "| ", Spelled(row.text), " | ", Cell(row.text.fallback), " | ",
                    Meaning(row.text), " |\n");
  }
  page->push_back('\n');
}

std::string RuleSetNames(RuleSets sets) {
  std::vector<std::string> names;
  if (sets & kOnRequest) names.push_back("request");
  if (sets & kOnResponse) names.push_back("response");
  if (sets & kOnAfterResponse) names.push_back("after-response");
  return absl::StrJoin(names, ", ");
}

void AppendActions(std::string* page) {
  absl::StrAppend(page,
                  "### Actions of HTTP rules\n\n| action | of | meaning |\n| --- | --- | --- |\n");
  for (const HttpAction& action : HttpActions()) {
    if (action.text.support != Support::kFull) continue;
    absl::StrAppend(page, "| ", Spelled(action.text), " | ", RuleSetNames(action.rule_sets), " | ",
                    Cell(action.text.summary), " |\n");
  }
  page->push_back('\n');
}

// Rows of one kind of support, as "name: reason".
template <typename Row>
void AppendOthers(std::span<const Row> rows, Support support, std::string_view prefix,
                  std::string* page) {
  for (const Row& row : rows) {
    if (row.text.support != support) continue;
    absl::StrAppend(page, "- ", std::string(prefix), "`", std::string(row.text.name), "`",
                    row.text.reason.empty() ? "" : ": ", std::string(row.text.reason), "\n");
  }
}

void AppendOthers(Support support, std::string* page) {
  AppendOthers(AllKeywords(), support, "", page);
  AppendOthers(BindParameters(), support, "`bind` … ", page);
  AppendOthers(ServerParameters(), support, "`server` … ", page);
  AppendOthers(UnsupportedServerParameters(), support, "`server` … ", page);
  AppendOthers(HttpActions(), support, "HTTP action ", page);
  page->push_back('\n');
}

std::string Arguments(std::span<const catalog::Arg> args) {
  if (args.empty()) return "";
  std::string text = "(";
  for (const catalog::Arg& arg : args) {
    absl::StrAppend(&text, text.size() > 1 ? "," : "", arg.required ? "" : "[",
                    std::string(arg.name), arg.required ? "" : "]");
  }
  return text + ")";
}

std::string PlaceNames(catalog::Places places) {
  if (places == catalog::kEverywhere) return "everywhere";
  std::vector<std::string> names;
  if (places & catalog::kConnection) names.push_back("connection");
  if (places & catalog::kRequest) names.push_back("request");
  if (places & catalog::kResponse) names.push_back("response");
  if (places & catalog::kContent) names.push_back("tcp content");
  if (places & catalog::kLog) names.push_back("log");
  return absl::StrJoin(names, ", ");
}

void AppendFetches(std::string* page) {
  absl::StrAppend(
      page, "## Sample fetches\n\n",
      "Used in ACLs and in `%[…]`. ACLs also know those marked `_beg` with a match suffix "
      "(`_beg`, `_end`, `_sub`, `_reg`, `_dir`, `_dom`, `_len`).\n\n",
      "| fetch | type | where | meaning |\n| --- | --- | --- | --- |\n");
  for (const catalog::Fetch& fetch : catalog::AllFetches()) {
    absl::StrAppend(page, "| `", std::string(fetch.name), Arguments(fetch.args), "`",
                    fetch.has_match_suffixes ? " `_beg`" : "", " | ",
                    std::string(catalog::ValueTypeName(fetch.result)), " | ",
                    PlaceNames(fetch.places), " | ", Cell(fetch.description), " |\n");
  }
  absl::StrAppend(page, "\nOther names:");
  for (const catalog::Alias& alias : catalog::AllAliases()) {
    absl::StrAppend(page, " `", std::string(alias.name), "`");
  }
  absl::StrAppend(page, ".\n\n");
}

void AppendConverters(std::string* page) {
  absl::StrAppend(page, "## Converters\n\n| converter | takes | gives | meaning |\n",
                  "| --- | --- | --- | --- |\n");
  for (const catalog::Converter& converter : catalog::AllConverters()) {
    absl::StrAppend(page, "| `", std::string(converter.name), Arguments(converter.args), "` | ",
                    std::string(catalog::ValueTypeName(converter.input)), " | ",
                    std::string(catalog::ValueTypeName(converter.result)), " | ",
                    Cell(converter.description), " |\n");
  }
  page->push_back('\n');
}

// "`a`, `b`", broken into lines.
std::string CodeList(std::span<const std::string_view> names) {
  std::string list;
  size_t line_start = 0;
  for (std::string_view name : names) {
    const std::string separator = list.empty() ? "" : ",";
    const bool is_full = list.size() - line_start + name.size() > 110;
    absl::StrAppend(&list, separator, list.empty() ? "" : is_full ? "\n" : " ");
    if (is_full) line_start = list.size();
    absl::StrAppend(&list, "`", std::string(name), "`");
  }
  return list;
}

void AppendUnsupportedSamples(std::string* page) {
  absl::StrAppend(page, "Sample fetches (`sc_…` also as `sc0_…`, `sc1_…` and `sc2_…`): ",
                  CodeList(catalog::UnsupportedFetches()),
                  ".\n\nConverters (`map` also as `map_…`): ",
                  CodeList(catalog::UnsupportedConverters()), ".\n");
}

void AppendLogTags(std::string* page) {
  absl::StrAppend(
      page, "## Log tags\n\n",
      "Flags before a tag: `%{+Q}` quotes, `%{+E}` escapes, `%{+X}` hexadecimal. `%%` is a "
      "percent sign, `%[…]` a sample expression.\n\n",
      "| tag | meaning | needs |\n| --- | --- | --- |\n");
  for (const catalog::LogTag& tag : catalog::AllLogTags()) {
    absl::StrAppend(page, "| `%", std::string(tag.name), "` | ", Cell(tag.description), " | ",
                    tag.http_only ? "`mode http`" : "", " |\n");
  }
  absl::StrAppend(page, "\n`option tcplog`: `", std::string(catalog::kTcpLogFormat), "`\n\n",
                  "`option httplog`: `", std::string(catalog::kHttpLogFormat), "`\n\n",
                  "`option httpslog`: `", std::string(catalog::kHttpsLogFormat), "`\n\n");
}

}  // namespace

std::string RenderReference() {
  std::string page(kIntroduction);
  absl::StrAppend(&page, "`feature()` knows: ",
                  absl::StrJoin(Features(), ", ",
                                [](std::string* out, std::string_view name) {
                                  absl::StrAppend(out, "`", std::string(name), "`");
                                }),
                  ". The version compared with is ", std::string(kLanguageVersion),
                  ".\n\n## Keywords\n\n");
  for (const KeywordTable& table : KeywordTables()) {
    bool has_any = false;
    for (const Keyword& row : table.rows) has_any |= IsTaken(row.text);
    if (!has_any) continue;
    absl::StrAppend(&page, "### ", std::string(table.title), "\n\n");
    AppendKeywords(table.rows, &page);
  }
  absl::StrAppend(&page, "### Parameters of `bind`\n\n");
  AppendWithoutPlaces(BindParameters(), &page);
  absl::StrAppend(&page, "### Parameters of `server` and `default-server`\n\n");
  AppendWithoutPlaces(ServerParameters(), &page);
  AppendActions(&page);
  AppendFetches(&page);
  AppendConverters(&page);
  AppendLogTags(&page);
  absl::StrAppend(&page, "## Accepted, of no effect\n\nEach gets a notice that says why.\n\n");
  AppendOthers(Support::kNotice, &page);
  absl::StrAppend(&page, "## Not supported yet\n\nEach is an error that names it.\n\n");
  AppendOthers(Support::kUnsupported, &page);
  AppendUnsupportedSamples(&page);
  return page;
}

}  // namespace lb::config
