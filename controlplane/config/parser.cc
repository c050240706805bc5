#include "controlplane/config/parser.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "controlplane/config/condition.h"
#include "controlplane/config/preprocessor.h"
#include "controlplane/config/utf8.h"
#include "controlplane/config/variables.h"

namespace lb::config {
namespace {

// Sections of HAProxy 2.6 that are not proxies.
struct OtherSection {
  std::string_view name;
  bool is_error;
  std::string_view reason;
};
constexpr std::array<OtherSection, 11> kOtherSections = {{
    {"peers", false, "data planes share their state through the control plane"},
    {"mailers", true, ""},
    {"userlist", true, ""},
    {"resolvers", true, "names are resolved when the file is loaded"},
    {"http-errors", true, ""},
    {"cache", true, ""},
    {"program", true, ""},
    {"ring", true, ""},
    {"fcgi-app", true, ""},
    {"log-forward", true, ""},
    {"traces", true, ""},
}};

constexpr std::array<std::string_view, 5> kSectionNames = {"global", "defaults", "frontend",
                                                           "listen", "backend"};

const OtherSection* FindOther(std::string_view name) {
  for (const OtherSection& other : kOtherSections) {
    if (other.name == name) return &other;
  }
  return nullptr;
}

std::optional<SectionKind> FindSection(std::string_view name) {
  for (SectionKind kind : {SectionKind::kGlobal, SectionKind::kDefaults, SectionKind::kFrontend,
                           SectionKind::kListen, SectionKind::kBackend}) {
    if (SectionName(kind) == name) return kind;
  }
  return std::nullopt;
}

bool IsNameChar(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' ||
         c == ':';
}

// The place of words [0, count) of `words`, as one word.
Word JoinedWord(const std::vector<Word>& words, size_t first, size_t count) {
  Word joined = words[first];
  const Word& last = words[first + count - 1];
  joined.length = last.column + last.length - joined.column;
  for (size_t i = 1; i < count; ++i) absl::StrAppend(&joined.text, " ", words[first + i].text);
  return joined;
}

std::string UnsetHint(const std::vector<Word>& words) {
  for (const Word& word : words) {
    if (!word.unset_variable.empty()) {
      return absl::StrCat("environment variable '", word.unset_variable, "' is not set");
    }
  }
  return "";
}

class Parser {
 public:
  Parser(const Environment& env, Diagnostics* diagnostics)
      : variables_(env), diagnostics_(diagnostics) {
    lookup_ = [this](std::string_view name) { return Lookup(name); };
  }

  Ast Run(const std::vector<SourceFile>& files) {
    std::string paths;
    for (const SourceFile& file : files) {
      absl::StrAppend(&paths, paths.empty() ? "" : ";", file.path);
    }
    variables_.Set("HAPROXY_CFGFILES", paths);
    variables_.Set("HAPROXY_STARTUP_VERSION", std::string(kLanguageVersion));
    for (const SourceFile& file : files) ParseFile(file);
    ast_.getenv = [variables = variables_](std::string_view name) { return variables.Get(name); };
    return std::move(ast_);
  }

 private:
  std::optional<std::string> Lookup(std::string_view name) const {
    if (name == ".FILE") return line_->file;
    if (name == ".LINE") return absl::StrCat(line_->number);
    if (name == ".SECTION") {
      if (ast_.sections.empty()) return "";
      const Section& section = ast_.sections.back();
      return section.name.empty() ? std::string(SectionName(section.kind)) : section.name;
    }
    return variables_.Get(name);
  }

  void ParseFile(const SourceFile& file) {
    Preprocessor preprocessor(diagnostics_);
    std::string_view rest = file.text;
    for (int number = 1; !rest.empty(); ++number) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      std::string_view text = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (text.ends_with('\r')) text.remove_suffix(1);
      line_ = std::make_shared<SourceLine>(SourceLine{file.path, number, std::string(text)});
      ParseLine(&preprocessor);
    }
    preprocessor.Finish();
  }

  void ParseLine(Preprocessor* preprocessor) {
    LexedLine lexed = LexLine(line_->text, lookup_);
    if (lexed.error) {
      const Word at{"", lexed.error->column, lexed.error->length, ""};
      return diagnostics_->Error(PlaceOf(*line_, at), lexed.error->message);
    }
    std::vector<Word>& words = lexed.words;
    if (words.empty()) return;
    if (words[0].text.starts_with('.')) return preprocessor->Run(line_, words, lookup_);
    if (!preprocessor->IsLive()) return;
    TruncateAtEmpty(&words);
    if (words.empty()) return;
    if (std::optional<SectionKind> kind = FindSection(words[0].text)) {
      return BeginSection(*kind, words);
    }
    if (const OtherSection* other = FindOther(words[0].text); other && !IsKeywordHere(words)) {
      return BeginOther(*other, words);
    }
    ParseStatement(words);
  }

  // "cache" and the like are words of the language in other places, never at a line's start;
  // "program" and its fellows are sections wherever they begin a line.
  bool IsKeywordHere(const std::vector<Word>& words) const {
    if (ast_.sections.empty()) return false;
    size_t used = 0;
    const std::string_view first = words[0].text;
    return FindKeyword(ast_.sections.back().kind, {&first, 1}, &used) != nullptr;
  }

  // An empty word ends the statement, as in HAProxy; worth a word when more follows.
  void TruncateAtEmpty(std::vector<Word>* words) {
    for (size_t i = 0; i < words->size(); ++i) {
      if (!(*words)[i].text.empty()) continue;
      const std::vector<Word> dropped(words->begin() + static_cast<ptrdiff_t>(i), words->end());
      if (i + 1 < words->size()) {
        diagnostics_->Warning(PlaceOf(*line_, dropped[0]),
                              "an empty word ends the statement; what follows it is ignored",
                              UnsetHint(dropped));
      }
      unset_hint_ = UnsetHint(dropped);
      words->resize(i);
      return;
    }
    unset_hint_.clear();
  }

  void BeginSection(SectionKind kind, const std::vector<Word>& words) {
    Section section;
    section.kind = kind;
    section.place = PlaceOf(*line_, words[0]);
    const bool needs_name = kind != SectionKind::kGlobal && kind != SectionKind::kDefaults;
    size_t next = 1;
    if (kind != SectionKind::kGlobal && next < words.size() && words[next].text != "from") {
      section.name = words[next].text;
      section.place = PlaceOf(*line_, words[next]);
      CheckName(section, words[next]);
      ++next;
    }
    if (needs_name && section.name.empty()) {
      diagnostics_->Error(section.place, absl::StrCat("'", words[0].text, "' needs a name"),
                          unset_hint_);
    }
    if (kind != SectionKind::kGlobal && next + 1 < words.size() && words[next].text == "from") {
      section.from = words[next + 1].text;
      section.from_place = PlaceOf(*line_, words[next + 1]);
      next += 2;
    }
    if (next < words.size()) {
      diagnostics_->Error(
          PlaceOf(*line_, words[next]),
          absl::StrCat("unexpected '", words[next].text, "' after '", words[0].text, "'"));
    }
    ast_.sections.push_back(std::move(section));
  }

  void CheckName(const Section& section, const Word& word) {
    for (char c : section.name) {
      if (IsNameChar(c)) continue;
      diagnostics_->Error(PlaceOf(*line_, word),
                          absl::StrCat("character '", std::string(1, c),
                                       "' is not allowed in the name '", section.name, "'"),
                          "names hold letters, digits, '-', '_', '.' and ':'");
      return;
    }
  }

  void BeginOther(const OtherSection& other, const std::vector<Word>& words) {
    const SourcePlace place = PlaceOf(*line_, words[0]);
    const std::string reason(other.reason);
    if (other.is_error) {
      diagnostics_->Error(place, absl::StrCat("section '", words[0].text, "' is not supported yet"),
                          reason);
    } else {
      diagnostics_->Notice(place,
                           absl::StrCat("section '", words[0].text, "' has no effect: ", reason));
    }
    Section section;
    section.kind = SectionKind::kIgnored;
    section.place = place;
    section.name = words.size() > 1 ? words[1].text : "";
    ast_.sections.push_back(std::move(section));
  }

  void ParseStatement(std::vector<Word>& words) {
    if (ast_.sections.empty()) {
      return diagnostics_->Error(
          PlaceOf(*line_, words[0]),
          absl::StrCat("'", words[0].text, "' stands before the first section"),
          DidYouMean(Closest(words[0].text, kSectionNames)));
    }
    Section& section = ast_.sections.back();
    if (section.kind == SectionKind::kIgnored) return;
    Statement statement;
    statement.line = line_;
    size_t first = 0;
    if (words.size() > 1 && (words[0] == "no" || words[0] == "default")) {
      statement.prefix = words[0] == "no" ? Prefix::kNo : Prefix::kDefault;
      first = 1;
    }
    std::vector<std::string_view> texts;
    for (size_t i = first; i < words.size(); ++i) texts.push_back(words[i].text);
    // "http-check set-var(x)": the argument is not part of the name.
    if (texts.size() > 1) texts[1] = texts[1].substr(0, texts[1].find('('));
    size_t used = 0;
    statement.keyword = FindKeyword(section.kind, texts, &used);
    if (statement.keyword == nullptr) return UnknownKeyword(section, words, first, texts);
    statement.name = JoinedWord(words, first, used);
    statement.args.assign(words.begin() + static_cast<ptrdiff_t>(first + used), words.end());
    if (Accept(section, statement)) section.statements.push_back(std::move(statement));
  }

  void UnknownKeyword(const Section& section, const std::vector<Word>& words, size_t first,
                      const std::vector<std::string_view>& texts) {
    std::string closest = ClosestKeyword(section.kind, texts);
    if (closest.empty()) closest = Closest(texts[0], kSectionNames);
    // "option nosuch": mark both words when the first is of a family.
    const bool is_family = std::ranges::any_of(AllKeywords(), [&](const Keyword& keyword) {
      return keyword.text.name.starts_with(absl::StrCat(words[first].text, " "));
    });
    const Word word = JoinedWord(words, first, is_family && texts.size() > 1 ? 2 : 1);
    diagnostics_->Error(PlaceOf(*line_, word),
                        absl::StrCat("unknown keyword '", word.text, "' in section '",
                                     std::string(SectionName(section.kind)), "'"),
                        DidYouMean(closest));
  }

  // Checks what the row alone can tell; carries out the variable keywords.
  bool Accept(const Section& section, const Statement& statement) {
    const Keyword& keyword = *statement.keyword;
    const std::string name(keyword.text.name);
    if (!(keyword.sections & Bit(section.kind))) return WrongSection(section, statement);
    if (keyword.only_named_defaults && section.kind == SectionKind::kDefaults &&
        section.name.empty()) {
      diagnostics_->Error(statement.NamePlace(),
                          absl::StrCat("'", name, "' needs a defaults section with a name"));
      return false;
    }
    if (keyword.text.support == Support::kUnsupported) {
      diagnostics_->Error(statement.NamePlace(),
                          absl::StrCat("keyword '", name, "' is not supported yet"),
                          std::string(keyword.text.reason));
      return false;
    }
    if (keyword.text.support == Support::kNotice) {
      diagnostics_->Notice(
          statement.NamePlace(),
          absl::StrCat("'", name, "' has no effect: ", std::string(keyword.text.reason)));
      return false;
    }
    if (keyword.text.support == Support::kNotYet) {
      diagnostics_->Warning(statement.NamePlace(), absl::StrCat("'", name, "' is not honoured yet"),
                            std::string(keyword.text.reason));
    }
    if (statement.prefix != Prefix::kNone && !keyword.can_negate) {
      diagnostics_->Error(statement.NamePlace(), absl::StrCat("'", name, "' cannot be negated"));
      return false;
    }
    if (statement.prefix == Prefix::kNone && !CheckArity(statement)) return false;
    if (!CheckText(statement)) return false;
    return section.kind != SectionKind::kGlobal || RunVariableKeyword(statement);
  }

  bool WrongSection(const Section& section, const Statement& statement) {
    const Keyword& keyword = *statement.keyword;
    const std::string name(keyword.text.name);
    const bool ignored = section.kind != SectionKind::kGlobal &&
                         section.kind != SectionKind::kDefaults && (keyword.sections & kInProxy) &&
                         !keyword.must_be_here;
    if (!ignored) {
      diagnostics_->Error(statement.NamePlace(),
                          absl::StrCat("'", name, "' is not allowed in section '",
                                       std::string(SectionName(section.kind)), "'"));
      return false;
    }
    const std::string missing = section.kind == SectionKind::kBackend ? "frontend" : "backend";
    diagnostics_->Warning(
        statement.NamePlace(),
        absl::StrCat("'", name, "' is ignored: ", std::string(SectionName(section.kind)), " '",
                     section.name, "' has no ", missing, " side"));
    return false;
  }

  bool CheckText(const Statement& statement) {
    const BytesArgument bytes = statement.keyword->bytes;
    for (size_t i = 0; i < statement.args.size(); ++i) {
      if (bytes == BytesArgument::kFirst && i == 0) continue;
      if (bytes == BytesArgument::kLast && i + 1 == statement.args.size()) continue;
      if (IsUtf8(statement.args[i].text)) continue;
      diagnostics_->Error(statement.Place(i), "the word is not UTF-8 text");
      return false;
    }
    return true;
  }

  bool CheckArity(const Statement& statement) {
    const Keyword& keyword = *statement.keyword;
    const int count = static_cast<int>(statement.args.size());
    const std::string name(keyword.text.name);
    if (count < keyword.min_args) {
      diagnostics_->Error(
          statement.Place(statement.args.size()),
          absl::StrCat("'", name, "' expects ", std::string(keyword.text.arguments)), unset_hint_);
      return false;
    }
    if (keyword.max_args != kAnyNumber && count > keyword.max_args) {
      const size_t extra = static_cast<size_t>(keyword.max_args);
      diagnostics_->Error(
          statement.Place(extra),
          absl::StrCat("unexpected '", statement.args[extra].text, "' after '", name, "'"),
          keyword.text.arguments.empty()
              ? absl::StrCat("'", name, "' takes no argument")
              : absl::StrCat("expected: ", name, " ", std::string(keyword.text.arguments)));
      return false;
    }
    return true;
  }

  // These act while the file is read: later lines see their effect.
  bool RunVariableKeyword(const Statement& statement) {
    const std::string_view name = statement.keyword->text.name;
    const std::vector<Word>& args = statement.args;
    if (name == "setenv" || (name == "presetenv" && !variables_.Get(args[0].text))) {
      variables_.Set(args[0].text, args[1].text);
    } else if (name == "unsetenv") {
      for (const Word& arg : args) variables_.Unset(arg.text);
    } else if (name == "resetenv") {
      std::set<std::string> kept;
      for (const Word& arg : args) kept.insert(arg.text);
      variables_.Reset(std::move(kept));
    }
    return true;
  }

  Variables variables_;
  Diagnostics* diagnostics_;
  VariableLookup lookup_;
  Ast ast_;
  std::shared_ptr<const SourceLine> line_;
  std::string unset_hint_;  // why the current line was cut short
};

}  // namespace

SourcePlace PlaceOf(const SourceLine& line, const Word& word) {
  return {line.file, line.number, word.column, word.length, line.text};
}

SourcePlace Statement::Place(size_t i) const {
  if (i < args.size()) return PlaceOf(*line, args[i]);
  const Word& last = args.empty() ? name : args.back();
  Word end;
  end.column = last.column + last.length;
  return PlaceOf(*line, end);
}

Ast Parse(const std::vector<SourceFile>& files, const Environment& env, Diagnostics* diagnostics) {
  return Parser(env, diagnostics).Run(files);
}

}  // namespace lb::config
