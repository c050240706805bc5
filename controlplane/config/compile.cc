#include "controlplane/config/compile.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "controlplane/config/analyzer.h"
#include "controlplane/config/emitter.h"
#include "controlplane/config/parser.h"
#include "controlplane/config/tls/resolve.h"
#include "controlplane/config/utf8.h"
#include "controlplane/config/validator.h"

namespace lb::config {
namespace {

// The stages find things in their own order; people read a file from top to bottom.
void ReportInFileOrder(const std::vector<SourceFile>& files, const Diagnostics& found,
                       Diagnostics* out) {
  std::vector<Diagnostic> entries = found.entries();
  auto position = [&files](const Diagnostic& entry) {
    const auto file = std::ranges::find(files, entry.place.file, &SourceFile::path);
    return std::tuple(file - files.begin(), entry.place.line, entry.place.column);
  };
  std::ranges::stable_sort(entries, {}, position);
  for (Diagnostic& entry : entries) {
    // They travel to the operator as text, whatever bytes the file holds.
    entry.place.line_text = ReplaceNonUtf8(std::move(entry.place.line_text));
    entry.message = ReplaceNonUtf8(std::move(entry.message));
    entry.fix = ReplaceNonUtf8(std::move(entry.fix));
    switch (entry.severity) {
      case Severity::kError:
        out->Error(std::move(entry.place), std::move(entry.message), std::move(entry.fix));
        break;
      case Severity::kWarning:
        out->Warning(std::move(entry.place), std::move(entry.message), std::move(entry.fix));
        break;
      case Severity::kNotice:
        out->Notice(std::move(entry.place), std::move(entry.message), std::move(entry.fix));
        break;
    }
  }
}

}  // namespace

std::optional<Compiled> Compile(const std::vector<SourceFile>& files, const Environment& env,
                                Diagnostics* diagnostics) {
  // Every stage runs whatever the one before found, so that one run reports as much as possible.
  Diagnostics found;
  const Ast ast = Parse(files, env, &found);
  Model model = Analyze(ast, env, &found);
  ResolveTls(env, &model, &found);
  Validate(&model, &found);
  v1::Snapshot snapshot = Emit(model, &found);
  ReportInFileOrder(files, found, diagnostics);
  if (found.has_errors()) return std::nullopt;
  return Compiled{std::move(snapshot), std::move(model.control)};
}

}  // namespace lb::config
