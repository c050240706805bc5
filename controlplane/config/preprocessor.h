// Preprocessor: the directives that begin with a dot. Keeps the stack of open ".if" blocks and
// says whether a line is live. One per file, as blocks may not span files.
// Source: HAProxy configuration manual, section 2.4.
#ifndef LB_CONTROLPLANE_CONFIG_PREPROCESSOR_H_
#define LB_CONTROLPLANE_CONFIG_PREPROCESSOR_H_

#include <memory>
#include <vector>

#include "common/base/diagnostics.h"
#include "controlplane/config/ast.h"
#include "controlplane/config/lexer.h"

namespace lb::config {

class Preprocessor {
 public:
  explicit Preprocessor(Diagnostics* diagnostics) : diagnostics_(diagnostics) {}

  // Whether lines here take part.
  bool IsLive() const;

  // Carries out the directive in `words` (the first begins with a dot).
  void Run(const std::shared_ptr<const SourceLine>& line, const std::vector<Word>& words,
           const VariableLookup& lookup);

  // Reports the blocks left open.
  void Finish();

 private:
  struct Block {
    SourcePlace place;
    bool was_live = true;    // the lines around the block
    bool is_live = false;    // the branch we are in
    bool has_taken = false;  // a branch was live already
    bool has_else = false;
  };

  void If(const SourcePlace& place, bool holds);
  void Elif(const SourcePlace& place, bool holds);
  void Else(const SourcePlace& place);
  void Endif(const SourcePlace& place);
  void Message(const SourceLine& line, const std::vector<Word>& words);
  bool Evaluate(const SourceLine& line, const std::vector<Word>& words,
                const VariableLookup& lookup);

  Diagnostics* diagnostics_;
  std::vector<Block> blocks_;
};

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_PREPROCESSOR_H_
