#include "common/stats/html.h"

#include <cstddef>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "common/base/units.h"

namespace lb::stats {
namespace {

constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--line:#ccd3da;--head:#eef1f4;--soft:#5b6770;--page:#fff;--ink:#1b2126;
--up:#d7f0dc;--warn:#fdf0cd;--down:#f8d4d1;--maint:#e4dff2;--drain:#d5e8f7;--none:#f0f0f0}
@media(prefers-color-scheme:dark){:root{--line:#3a434b;--head:#252c32;--soft:#9aa6ae;--page:#171b1f;
--ink:#e3e8ec;--up:#1d4327;--warn:#54431a;--down:#5c2320;--maint:#37305a;--drain:#1d3f5c;--none:#2b2f33}}
body{font:14px/1.45 system-ui,sans-serif;margin:0 auto;padding:1rem 1.5rem;background:var(--page);
color:var(--ink)}
h1{font-size:1.35rem;margin:.2rem 0}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}
h2 small{font-weight:400;color:var(--soft)}p{margin:.2rem 0;color:var(--soft)}a{color:inherit}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{border:1px solid var(--line);padding:.18rem .5rem;text-align:right;white-space:nowrap}
th{background:var(--head);font-weight:600}td.name,th.name{text-align:left}
tr.total td{font-weight:600}.mark{display:inline-block;padding:0 .5rem;border-radius:.3rem}
.up{background:var(--up)}.warn{background:var(--warn)}.down{background:var(--down)}
.maint{background:var(--maint)}.drain{background:var(--drain)}.none{background:var(--none)}
)css";

std::string Escape(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string FormatBytes(int64_t bytes) {
  constexpr std::string_view kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1000 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  if (unit == 0) return absl::StrCat(bytes, " B");
  return absl::StrFormat("%.1f %s", value, std::string(kUnits[unit]));
}

// The class that colours a row's state.
std::string_view StateClass(std::string_view status) {
  if (status == "OPEN" || status == "UP") return "up";
  if (status.starts_with("UP")) return "warn";     // going down: "UP 1/3"
  if (status.starts_with("DOWN ")) return "warn";  // coming up: "DOWN 1/2"
  if (status.starts_with("DOWN") || status == "STOP" || status == "FULL") return "down";
  if (status.starts_with("MAINT")) return "maint";
  if (status.starts_with("DRAIN") || status.starts_with("NOLB")) return "drain";
  return "none";
}

enum class Show : uint8_t { kNumber, kBytes, kAge, kLimit };

struct Column {
  std::string_view group;  // heading above; the same for neighbours
  std::string_view title;
  Field field;
  Show show = Show::kNumber;
};

constexpr Column kColumns[] = {
    {"Sessions", "now", Field::kScur},
    {"Sessions", "max", Field::kSmax},
    {"Sessions", "limit", Field::kSlim, Show::kLimit},
    {"Sessions", "total", Field::kStot},
    {"Sessions", "per s", Field::kRate},
    {"Sessions", "last", Field::kLastsess, Show::kAge},
    {"Queue", "now", Field::kQcur},
    {"Queue", "max", Field::kQmax},
    {"Requests", "total", Field::kReqTot},
    {"Requests", "per s", Field::kReqRate},
    {"Bytes", "in", Field::kBin, Show::kBytes},
    {"Bytes", "out", Field::kBout, Show::kBytes},
    {"Responses", "2xx", Field::kHrsp2xx},
    {"Responses", "4xx", Field::kHrsp4xx},
    {"Responses", "5xx", Field::kHrsp5xx},
    {"Denied", "req", Field::kDreq},
    {"Denied", "resp", Field::kDresp},
    {"Errors", "req", Field::kEreq},
    {"Errors", "conn", Field::kEcon},
    {"Errors", "resp", Field::kEresp},
    {"Warnings", "retry", Field::kWretr},
    {"Warnings", "redisp", Field::kWredis},
};

std::string Cell(const Row& row, const Column& column) {
  if (!row.has(column.field))
    return column.show == Show::kLimit && row.has(Field::kScur) ? "-" : "";
  const int64_t number = row.number(column.field);
  switch (column.show) {
    case Show::kBytes:
      return FormatBytes(number);
    case Show::kAge:
      return number < 0 ? "never" : FormatAge(number);
    default:
      return absl::StrCat(number);
  }
}

// "L7OK/200 in 3 ms", with the whole result as a tooltip.
std::string CheckCell(const Row& row) {
  if (!row.has(Field::kCheckStatus)) return "";
  std::string text(row.text(Field::kCheckStatus));
  if (row.has(Field::kCheckCode)) absl::StrAppend(&text, "/", row.number(Field::kCheckCode));
  absl::StrAppend(&text, " in ", row.number(Field::kCheckDuration), " ms");
  std::string whole(row.text(Field::kCheckDesc));
  if (row.has(Field::kLastChk))
    absl::StrAppend(&whole, ": ", std::string(row.text(Field::kLastChk)));
  return absl::StrCat("<span title=\"", Escape(whole), "\">", Escape(text), "</span>");
}

std::string NameCell(const Row& row, bool show_legends) {
  const std::string_view name = row.text(Field::kSvname);
  if (row.kind() == RowKind::kFrontend) return "Frontend";
  if (row.kind() == RowKind::kBackend) return "Backend";
  if (!show_legends) return Escape(name);
  std::string legend = absl::StrCat("id ", row.number(Field::kSid));
  if (row.has(Field::kAddr)) absl::StrAppend(&legend, ", ", std::string(row.text(Field::kAddr)));
  if (row.has(Field::kCookie)) {
    absl::StrAppend(&legend, ", cookie '", std::string(row.text(Field::kCookie)), "'");
  }
  return absl::StrCat("<span title=\"", Escape(legend), "\">", Escape(name), "</span>");
}

void AppendTableHead(std::string* out) {
  *out +=
      "<div class=\"scroll\"><table><thead><tr><th rowspan=\"2\" class=\"name\">Name</th>"
      "<th colspan=\"2\">State</th>";
  for (size_t i = 0; i < std::size(kColumns);) {
    size_t end = i;
    while (end < std::size(kColumns) && kColumns[end].group == kColumns[i].group) ++end;
    absl::StrAppend(out, "<th colspan=\"", end - i, "\">", std::string(kColumns[i].group), "</th>");
    i = end;
  }
  *out += "<th colspan=\"6\">Server</th></tr><tr><th>now</th><th>since</th>";
  for (const Column& column : kColumns) {
    absl::StrAppend(out, "<th>", std::string(column.title), "</th>");
  }
  *out +=
      "<th>check</th><th>weight</th><th>act</th><th>bck</th><th>chk fail</th><th>downs</th>"
      "</tr></thead><tbody>\n";
}

void AppendRow(const Row& row, const PageOptions& options, std::string* out) {
  const std::string_view status = row.text(Field::kStatus);
  const std::string_view color = StateClass(status);
  absl::StrAppend(out, row.kind() == RowKind::kBackend ? "<tr class=\"total\">" : "<tr>",
                  "<td class=\"name\">", NameCell(row, options.show_legends),
                  "</td><td><span class=\"mark ", std::string(color), "\">", Escape(status));
  absl::StrAppend(out, "</span></td><td>",
                  row.has(Field::kLastchg) ? FormatAge(row.number(Field::kLastchg)) : "", "</td>");
  for (const Column& column : kColumns) {
    absl::StrAppend(out, "<td>", Cell(row, column), "</td>");
  }
  absl::StrAppend(out, "<td>", CheckCell(row), "</td>");
  for (Field field : {Field::kWeight, Field::kAct, Field::kBck, Field::kChkfail, Field::kChkdown}) {
    absl::StrAppend(out, "<td>", row.ToString(field), "</td>");
  }
  *out += "</tr>\n";
}

std::string ItemText(const std::vector<ProcessItem>& items, std::string_view name) {
  for (const ProcessItem& item : items) {
    if (item.name == name) return item.type == "str" ? item.text : absl::StrCat(item.number);
  }
  return "";
}

void AppendHead(const std::vector<ProcessItem>& process, const PageOptions& options,
                std::string* out) {
  *out +=
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\">"
      "<meta name=\"robots\" content=\"noindex\">";
  if (options.refresh_seconds != 0) {
    absl::StrAppend(out, "<meta http-equiv=\"refresh\" content=\"", options.refresh_seconds, "\">");
  }
  std::string title = "lb";
  if (!options.version.empty()) absl::StrAppend(&title, " ", options.version);
  title += " statistics";
  if (!options.node.empty()) absl::StrAppend(&title, " on ", options.node);
  absl::StrAppend(out, "<title>", Escape(title), "</title><style>", std::string(kStyle),
                  "</style></head><body>\n<h1>", Escape(title), "</h1>\n");
  if (!options.description.empty()) {
    absl::StrAppend(out, "<p>", Escape(options.description), "</p>\n");
  }
  absl::StrAppend(out, "<p>Process ", ItemText(process, "Pid"), ", up ",
                  ItemText(process, "Uptime"), ", ", ItemText(process, "Nbthread"), " workers. ",
                  ItemText(process, "CurrConns"), " of ", ItemText(process, "Maxconn"),
                  " connections, ");
  absl::StrAppend(out, ItemText(process, "ConnRate"), " new a second, ",
                  ItemText(process, "Idle_pct"), "% idle.</p>\n<p>As <a href=\"",
                  Escape(options.uri), ";csv\">CSV</a>, <a href=\"", Escape(options.uri),
                  ";json\">JSON</a>.</p>\n");
}

void AppendLegend(std::string* out) {
  *out +=
      "<p>"
      "<span class=\"mark up\">up</span> <span class=\"mark warn\">up, going down, or down, "
      "coming up</span> <span class=\"mark down\">down</span> "
      "<span class=\"mark drain\">draining</span> "
      "<span class=\"mark maint\">in maintenance</span> "
      "<span class=\"mark none\">not checked</span></p>\n";
}

}  // namespace

std::string RenderHtml(const std::vector<ProcessItem>& process, const std::vector<Row>& rows,
                       const PageOptions& options) {
  std::string page;
  AppendHead(process, options, &page);
  AppendLegend(&page);
  std::string_view proxy;
  for (const Row& row : rows) {
    // Neighbours of one name are one proxy, but a frontend always begins a new one.
    if (row.text(Field::kPxname) != proxy || row.kind() == RowKind::kFrontend) {
      if (!proxy.empty()) page += "</tbody></table></div>\n";
      proxy = row.text(Field::kPxname);
      absl::StrAppend(&page, "<h2 id=\"", Escape(proxy), "\">", Escape(proxy), " <small>",
                      std::string(row.text(Field::kMode)), "</small></h2>\n");
      AppendTableHead(&page);
    }
    AppendRow(row, options, &page);
  }
  if (!proxy.empty()) page += "</tbody></table></div>\n";
  page += "</body></html>\n";
  return page;
}

}  // namespace lb::stats
