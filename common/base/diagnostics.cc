#include "common/base/diagnostics.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace lb {
namespace {

const char* NameOf(Severity severity) {
  switch (severity) {
    case Severity::kNotice:
      return "notice";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "?";
}

// The line under the source text: blanks (tabs kept, so that the columns meet), then "^~~~".
std::string CaretLine(const SourcePlace& place) {
  std::string caret;
  size_t before = static_cast<size_t>(std::max(place.column, 1) - 1);
  for (size_t i = 0; i < before && i < place.line_text.size(); ++i) {
    caret.push_back(place.line_text[i] == '\t' ? '\t' : ' ');
  }
  caret.push_back('^');
  if (place.length > 1) caret.append(static_cast<size_t>(place.length - 1), '~');
  return caret;
}

}  // namespace

void Diagnostics::Error(SourcePlace place, std::string message, std::string fix) {
  Add(Severity::kError, std::move(place), std::move(message), std::move(fix));
}
void Diagnostics::Warning(SourcePlace place, std::string message, std::string fix) {
  Add(Severity::kWarning, std::move(place), std::move(message), std::move(fix));
}
void Diagnostics::Notice(SourcePlace place, std::string message, std::string fix) {
  Add(Severity::kNotice, std::move(place), std::move(message), std::move(fix));
}

void Diagnostics::Add(Severity severity, SourcePlace place, std::string message, std::string fix) {
  if (severity == Severity::kError) ++errors_;
  entries_.push_back({severity, std::move(place), std::move(message), std::move(fix)});
}

std::string Diagnostics::Render() const {
  std::string out;
  for (const Diagnostic& entry : entries_) out += RenderDiagnostic(entry);
  return out;
}

std::string RenderDiagnostic(const Diagnostic& diagnostic) {
  const SourcePlace& place = diagnostic.place;
  std::string out = place.file;
  if (place.line > 0) absl::StrAppend(&out, ":", place.line, ":", std::max(place.column, 1));
  absl::StrAppend(&out, out.empty() ? "" : ": ", NameOf(diagnostic.severity), ": ",
                  diagnostic.message, "\n");
  if (place.line > 0 && !place.line_text.empty()) {
    absl::StrAppend(&out, "    ", place.line_text, "\n    ", CaretLine(place), "\n");
  }
  if (!diagnostic.fix.empty()) absl::StrAppend(&out, "  ", diagnostic.fix, "\n");
  return out;
}

}  // namespace lb
