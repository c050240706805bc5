// The whole pipeline: any text compiles or is refused with an error, the same way each time, and
// every message points into the file.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "common/snapshot/apply_delta.h"
#include "controlplane/config/compile.h"
#include "controlplane/config/diff.h"
#include "controlplane/config/utf8.h"

namespace lb::config {
namespace {

Environment Sealed() {
  Environment env;
  env.getenv = [](std::string_view name) -> std::optional<std::string> {
    if (name == "SET") return "10.0.0.1:80";
    return std::nullopt;
  };
  env.read_file = [](std::string_view) -> absl::StatusOr<std::string> {
    return absl::NotFoundError("no files here");
  };
  env.resolve = [](std::string_view) -> absl::StatusOr<std::vector<Address>> {
    return absl::NotFoundError("no names here");
  };
  return env;
}

void CheckText(const std::string& text) {
  const auto lines = std::ranges::count(text, '\n') + 1;
  Diagnostics diagnostics;
  const std::optional<Compiled> compiled = Compile({{"x.cfg", text}}, Sealed(), &diagnostics);
  LB_CHECK(compiled.has_value() == !diagnostics.has_errors());
  for (const Diagnostic& entry : diagnostics.entries()) {
    LB_CHECK(entry.place.line >= 0 && entry.place.line <= lines);
    LB_CHECK(!entry.message.empty() || entry.severity != Severity::kError ||
             entry.place.line_text.find(".alert") != std::string::npos);
  }
  LB_CHECK(IsUtf8(diagnostics.Render()));
  if (!compiled) return;
  // Text that is not UTF-8 would make the whole message unreadable on the other side.
  LB_CHECK(v1::Snapshot().ParseFromString(compiled->snapshot.SerializeAsString()));
  Diagnostics ignored;
  const std::optional<Compiled> again = Compile({{"x.cfg", text}}, Sealed(), &ignored);
  LB_CHECK(again.has_value());
  const v1::Snapshot stripped = StripForDataPlane(compiled->snapshot);
  LB_CHECK(SnapshotHash(stripped) == SnapshotHash(again->snapshot));
  const v1::SnapshotDelta delta = Diff(v1::Snapshot(), stripped);
  const absl::StatusOr<v1::Snapshot> applied = ApplyDelta(v1::Snapshot(), delta);
  LB_CHECK(applied.ok());
  LB_CHECK(SnapshotHash(*applied) == delta.hash());
}

}  // namespace
}  // namespace lb::config

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  lb::config::CheckText(std::string(reinterpret_cast<const char*>(bytes), size));
  return 0;
}
