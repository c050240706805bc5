#include "controlplane/config/tls/crt_list.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace lb::config {
namespace {

bool IsBlank(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }
bool IsBracket(char c) { return c == '[' || c == ']'; }

// Words apart by blanks; a bracket is a word of its own wherever it stands.
std::vector<Word> SplitLine(std::string_view line) {
  std::vector<Word> words;
  size_t at = 0;
  while (at < line.size()) {
    if (IsBlank(line[at])) {
      ++at;
      continue;
    }
    size_t end = at + 1;
    while (!IsBracket(line[at]) && end < line.size() && !IsBlank(line[end]) &&
           !IsBracket(line[end])) {
      ++end;
    }
    Word word;
    word.text = std::string(line.substr(at, end - at));
    word.column = static_cast<int>(at) + 1;
    word.length = static_cast<int>(end - at);
    words.push_back(std::move(word));
    at = end;
  }
  return words;
}

// The entry of one line's words; null after reporting what is wrong.
std::optional<CrtListEntry> ParseEntry(std::shared_ptr<const SourceLine> line,
                                       std::vector<Word> words, Diagnostics* diagnostics) {
  CrtListEntry entry;
  entry.options.line = std::move(line);
  auto error = [&](const Word& word, std::string message) {
    diagnostics->Error(entry.Place(word), std::move(message));
    return std::nullopt;
  };
  entry.file = words[0];
  if (IsBracket(entry.file.text[0])) return error(entry.file, "a line begins with a certificate");
  entry.options.name = entry.file;
  entry.options.name.text = "crt-list";
  size_t i = 1;
  if (i < words.size() && words[i] == "[") {
    const Word open = words[i++];
    while (i < words.size() && !IsBracket(words[i].text[0])) {
      entry.options.args.push_back(words[i++]);
    }
    if (i == words.size() || words[i] == "[") return error(open, "a bracket without its end");
    ++i;
  }
  for (; i < words.size(); ++i) {
    if (IsBracket(words[i].text[0])) {
      return error(words[i], "brackets hold settings, once, right after the certificate");
    }
    absl::AsciiStrToLower(&words[i].text);
    entry.filters.push_back(words[i]);
  }
  return entry;
}

}  // namespace

std::vector<CrtListEntry> ParseCrtList(const std::string& path, std::string_view text,
                                       Diagnostics* diagnostics) {
  std::vector<CrtListEntry> entries;
  int number = 0;
  const std::vector<std::string> lines =
      absl::StrSplit(absl::string_view(text.data(), text.size()), '\n');
  for (const std::string& content : lines) {
    ++number;
    std::vector<Word> words = SplitLine(content);
    if (words.empty() || words[0].text[0] == '#') continue;
    auto line = std::make_shared<SourceLine>(SourceLine{path, number, content});
    if (auto entry = ParseEntry(std::move(line), std::move(words), diagnostics)) {
      entries.push_back(*std::move(entry));
    }
  }
  return entries;
}

}  // namespace lb::config
