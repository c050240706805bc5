#include "controlplane/config/preprocessor.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

#include "controlplane/config/condition.h"
#include "controlplane/config/keyword.h"

namespace lb::config {
namespace {

constexpr std::array<std::string_view, 8> kDirectives = {".if",     ".elif",    ".else",  ".endif",
                                                         ".notice", ".warning", ".alert", ".diag"};

// Everything from the second word to the last, as one, for the caret line.
SourcePlace RestOfLine(const SourceLine& line, const std::vector<Word>& words) {
  if (words.size() < 2) return PlaceOf(line, words[0]);
  Word rest = words[1];
  rest.length = words.back().column + words.back().length - rest.column;
  return PlaceOf(line, rest);
}

}  // namespace

bool Preprocessor::IsLive() const { return blocks_.empty() || blocks_.back().is_live; }

void Preprocessor::Run(const std::shared_ptr<const SourceLine>& line,
                       const std::vector<Word>& words, const VariableLookup& lookup) {
  const std::string& name = words[0].text;
  const SourcePlace place = PlaceOf(*line, words[0]);
  if (name == ".if") {
    If(place, IsLive() && Evaluate(*line, words, lookup));
  } else if (name == ".elif") {
    const bool matters = !blocks_.empty() && blocks_.back().was_live && !blocks_.back().has_taken;
    Elif(place, matters && Evaluate(*line, words, lookup));
  } else if (name == ".else") {
    Else(place);
  } else if (name == ".endif") {
    Endif(place);
  } else if (name == ".notice" || name == ".warning" || name == ".alert" || name == ".diag") {
    if (IsLive()) Message(*line, words);
  } else if (IsLive()) {
    diagnostics_->Error(place, absl::StrCat("unknown directive '", name, "'"),
                        DidYouMean(Closest(name, kDirectives)));
  }
}

void Preprocessor::If(const SourcePlace& place, bool holds) {
  Block block;
  block.place = place;
  block.was_live = IsLive();
  block.is_live = block.was_live && holds;
  block.has_taken = block.is_live;
  blocks_.push_back(std::move(block));
}

void Preprocessor::Elif(const SourcePlace& place, bool holds) {
  if (blocks_.empty()) return diagnostics_->Error(place, "'.elif' without '.if'");
  Block& block = blocks_.back();
  if (block.has_else) return diagnostics_->Error(place, "'.elif' after '.else'");
  block.is_live = holds;
  block.has_taken = block.has_taken || holds;
}

void Preprocessor::Else(const SourcePlace& place) {
  if (blocks_.empty()) return diagnostics_->Error(place, "'.else' without '.if'");
  Block& block = blocks_.back();
  if (block.has_else) return diagnostics_->Error(place, "second '.else' in one '.if'");
  block.has_else = true;
  block.is_live = block.was_live && !block.has_taken;
  block.has_taken = true;
}

void Preprocessor::Endif(const SourcePlace& place) {
  if (blocks_.empty()) return diagnostics_->Error(place, "'.endif' without '.if'");
  blocks_.pop_back();
}

void Preprocessor::Finish() {
  for (const Block& block : blocks_) {
    diagnostics_->Error(block.place, "'.if' without '.endif'");
  }
  blocks_.clear();
}

void Preprocessor::Message(const SourceLine& line, const std::vector<Word>& words) {
  const std::string& name = words[0].text;
  if (words.size() > 2) {
    return diagnostics_->Error(PlaceOf(line, words[2]),
                               absl::StrCat("'", name, "' takes one argument"),
                               "put quotes around a message with spaces");
  }
  const SourcePlace place = PlaceOf(line, words[0]);
  const std::string text = words.size() > 1 ? words[1].text : "";
  if (name == ".notice") diagnostics_->Notice(place, text);
  if (name == ".warning") diagnostics_->Warning(place, text);
  if (name == ".alert") diagnostics_->Error(place, text);
}

bool Preprocessor::Evaluate(const SourceLine& line, const std::vector<Word>& words,
                            const VariableLookup& lookup) {
  std::string expression;
  for (size_t i = 1; i < words.size(); ++i) {
    absl::StrAppend(&expression, i > 1 ? " " : "", words[i].text);
  }
  const absl::StatusOr<bool> holds = EvaluateCondition(expression, lookup);
  if (holds.ok()) return *holds;
  diagnostics_->Error(RestOfLine(line, words), std::string(holds.status().message()));
  return false;
}

}  // namespace lb::config
