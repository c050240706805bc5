// Diagnostics: everything that is wrong with a configuration, gathered in one run.
//
// Each entry has a place, a severity and a message, and may have a fix. Render() prints
//
//   web.cfg:12:5: error: unknown keyword 'blance' in section 'backend'
//       blance roundrobin
//       ^~~~~~
//     did you mean 'balance'?
//
// Not thread-safe.
#ifndef LB_COMMON_BASE_DIAGNOSTICS_H_
#define LB_COMMON_BASE_DIAGNOSTICS_H_

#include <cstddef>
#include <string>
#include <vector>

namespace lb {

// Where in a file. Lines and columns count from 1; line 0 means the file as a whole.
struct SourcePlace {
  std::string file;
  int line = 0;
  int column = 0;
  int length = 0;         // bytes marked by the caret line; 0 or 1 marks one
  std::string line_text;  // the line as written, for the caret line; may be empty
};

enum class Severity { kNotice, kWarning, kError };

struct Diagnostic {
  Severity severity = Severity::kError;
  SourcePlace place;
  std::string message;
  std::string fix;  // "did you mean 'balance'?"; empty when none is plain
};

class Diagnostics {
 public:
  void Error(SourcePlace place, std::string message, std::string fix = "");
  void Warning(SourcePlace place, std::string message, std::string fix = "");
  void Notice(SourcePlace place, std::string message, std::string fix = "");

  bool has_errors() const { return errors_ > 0; }
  size_t errors() const { return errors_; }
  const std::vector<Diagnostic>& entries() const { return entries_; }

  // All entries, in the order in which they were added, each with its caret line and fix.
  std::string Render() const;

 private:
  void Add(Severity severity, SourcePlace place, std::string message, std::string fix);

  std::vector<Diagnostic> entries_;
  size_t errors_ = 0;
};

// One entry as Render() prints it, with a final newline.
std::string RenderDiagnostic(const Diagnostic& diagnostic);

}  // namespace lb

#endif  // LB_COMMON_BASE_DIAGNOSTICS_H_
