#include "controlplane/config/lexer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace lb::config {
namespace {

bool IsBlank(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }
bool IsVariableNameChar(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class LineLexer {
 public:
  LineLexer(std::string_view line, const VariableLookup& lookup) : line_(line), lookup_(lookup) {}

  LexedLine Run() {
    const size_t nul = line_.find('\0');
    if (nul != std::string_view::npos) Fail(nul, 1, "stray NUL byte");
    while (!out_.error && pos_ < line_.size()) Step();
    if (!out_.error && quote_ != 0) Fail(quote_start_, 1, "unmatched quote");
    if (!out_.error) EndWord();
    return std::move(out_);
  }

 private:
  char Peek(size_t ahead) const { return pos_ + ahead < line_.size() ? line_[pos_ + ahead] : '\0'; }

  void Fail(size_t pos, size_t length, std::string message) {
    out_.error = LexError{static_cast<int>(pos) + 1, static_cast<int>(length), std::move(message)};
  }

  void Append(char c) {
    BeginWord();
    word_.text.push_back(c);
  }

  void BeginWord() {
    if (in_word_) return;
    in_word_ = true;
    word_ = Word();
    word_start_ = pos_;
  }

  void EndWord() {
    if (!in_word_) return;
    in_word_ = false;
    word_.column = static_cast<int>(word_start_) + 1;
    word_.length = static_cast<int>(pos_ - word_start_);
    out_.words.push_back(std::move(word_));
  }

  void Step() {
    const char c = line_[pos_];
    if (quote_ != '\'' && c == '\\') return Escape();
    if (c == quote_) return CloseQuote();
    if (quote_ == '\'') return Take(c);
    if (quote_ == '"') return c == '$' ? Variable() : Take(c);
    if (c == '"' || c == '\'') return OpenQuote(c);
    if (c == '#') {
      EndWord();
      pos_ = line_.size();
      return;
    }
    if (IsBlank(c)) {
      EndWord();
      ++pos_;
      return;
    }
    Take(c);
  }

  void Take(char c) {
    Append(c);
    ++pos_;
  }

  void OpenQuote(char c) {
    BeginWord();
    quote_ = c;
    quote_start_ = pos_++;
  }

  void CloseQuote() {
    quote_ = 0;
    ++pos_;
  }

  void Escape() {
    BeginWord();
    const char next = Peek(1);
    switch (next) {
      case 'n':
        return TakeEscape('\n');
      case 'r':
        return TakeEscape('\r');
      case 't':
        return TakeEscape('\t');
      case ' ':
      case '#':
      case '\\':
      case '\'':
      case '"':
      case '$':
        return TakeEscape(next);
      case 'x':
        return HexEscape();
      default:
        return Take('\\');
    }
  }

  void TakeEscape(char c) {
    Append(c);
    pos_ += 2;
  }

  void HexEscape() {
    const int high = HexValue(Peek(2));
    const int low = high < 0 ? -1 : HexValue(Peek(3));
    if (low < 0) {
      return Fail(pos_, 2, "'\\x' must be followed by two hexadecimal digits");
    }
    if (high == 0 && low == 0) return Fail(pos_, 4, "a word cannot hold a NUL byte");
    Append(static_cast<char>(high * 16 + low));
    pos_ += 4;
  }

  // "$NAME", "${NAME}", "${NAME-default}", "${NAME[*]}"; pos_ is at the dollar.
  void Variable() {
    const size_t start = pos_++;
    const bool braced = Peek(0) == '{';
    if (braced) ++pos_;
    const size_t name_start = pos_;
    if (Peek(0) == '.') ++pos_;
    const char first = Peek(0);
    if (!IsVariableNameChar(first) || absl::ascii_isdigit(static_cast<unsigned char>(first))) {
      return Fail(pos_, 1,
                  "a variable's name must begin with a letter or '_' (a plain '$' is '\\$')");
    }
    while (IsVariableNameChar(Peek(0))) ++pos_;
    const std::string_view name = line_.substr(name_start, pos_ - name_start);
    bool split = false;
    std::optional<std::string> fallback;
    if (braced && !BraceEnd(start, &split, &fallback)) return;
    Expand(name, split, std::move(fallback));
  }

  // What may stand between the name and the closing brace. False after an error.
  bool BraceEnd(size_t start, bool* split, std::optional<std::string>* fallback) {
    if (Peek(0) == '[') {
      if (line_.substr(pos_, 3) != "[*]") {
        Fail(pos_, 1, "expected '[*]' after the variable's name");
        return false;
      }
      *split = true;
      pos_ += 3;
    }
    if (Peek(0) == '-') {
      const size_t end = std::min(line_.find('}', pos_), line_.size());
      *fallback = std::string(line_.substr(pos_ + 1, end - pos_ - 1));
      pos_ = end;
    }
    if (Peek(0) != '}') {
      Fail(start + 1, 1, "unmatched brace around a variable's name");
      return false;
    }
    ++pos_;
    return true;
  }

  void Expand(std::string_view name, bool split, std::optional<std::string> fallback) {
    std::optional<std::string> value = lookup_(name);
    if (!value) value = std::move(fallback);
    if (!value) {
      if (word_.unset_variable.empty()) word_.unset_variable = std::string(name);
      return;
    }
    if (!split) {
      word_.text += *value;
      return;
    }
    bool after_blank = false;
    for (const char c : *value) {
      if (IsBlank(c)) {
        after_blank = true;
        continue;
      }
      if (after_blank && !word_.text.empty()) NextSplitWord();
      after_blank = false;
      word_.text.push_back(c);
    }
  }

  // A word made by "[*]": it shares its place with the words before it.
  void NextSplitWord() {
    const size_t start = word_start_;
    EndWord();
    BeginWord();
    word_start_ = start;
  }

  std::string_view line_;
  const VariableLookup& lookup_;
  LexedLine out_;
  size_t pos_ = 0;
  char quote_ = 0;
  size_t quote_start_ = 0;
  bool in_word_ = false;
  size_t word_start_ = 0;
  Word word_;
};

}  // namespace

LexedLine LexLine(std::string_view line, const VariableLookup& lookup) {
  return LineLexer(line, lookup).Run();
}

}  // namespace lb::config
