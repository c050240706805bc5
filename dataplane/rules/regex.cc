#include "dataplane/rules/regex.h"

#include <algorithm>
#include <utility>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "absl/status/status.h"

namespace lb::rules {
namespace {

// Scratch memory of the library for one match at a time: one a thread, because a compiled pattern
// is shared by all workers and allocating it per match would put malloc on the hot path.
pcre2_match_data* ThreadMatchData() {
  struct Deleter {
    void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
  };
  thread_local std::unique_ptr<pcre2_match_data, Deleter> match(
      pcre2_match_data_create(Regex::kMaxGroups, nullptr));
  return match.get();
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

struct Regex::Code {
  explicit Code(pcre2_code* compiled) : code(compiled) {}
  ~Code() { pcre2_code_free(code); }
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  pcre2_code* code;
};

absl::StatusOr<Regex> Regex::Compile(std::string_view pattern, bool ignore_case) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                    ignore_case ? PCRE2_CASELESS : 0, &error, &offset, /*ccontext=*/nullptr);
  if (code == nullptr) {
    PCRE2_UCHAR reason[256];
    pcre2_get_error_message(error, reason, sizeof(reason));
    return absl::InvalidArgumentError("regex '" + std::string(pattern) +
                                      "': " + reinterpret_cast<const char*>(reason) +
                                      " at offset " + std::to_string(offset));
  }
  // Without machine code the interpreter runs the pattern: slower, same result.
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  return Regex(std::make_shared<const Code>(code));
}

bool Regex::Matches(std::string_view text) const {
  // A null subject is an error to the library even when empty.
  if (text.data() == nullptr) text = "";
  return pcre2_match(code_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0,
                     ThreadMatchData(), nullptr) >= 0;
}

bool Regex::Find(std::string_view text, size_t from, Groups* groups) const {
  if (text.data() == nullptr) text = "";
  pcre2_match_data* match = ThreadMatchData();
  int count = pcre2_match(code_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
                          from > 0 ? PCRE2_NOTBOL : 0, match, nullptr);
  if (count < 0) return false;
  // 0: there were more groups than fit; the first ones are set.
  size_t found = count == 0 ? kMaxGroups : static_cast<size_t>(count);
  const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(match);
  for (size_t i = 0; i < kMaxGroups; ++i) {
    bool is_set =
        i < found && offsets[2 * i] != PCRE2_UNSET && offsets[2 * i] <= offsets[2 * i + 1];
    (*groups)[i] = is_set ? text.substr(offsets[2 * i], offsets[2 * i + 1] - offsets[2 * i])
                          : std::string_view();
  }
  return true;
}

void ExpandReplacement(std::string_view replacement, const Regex::Groups& groups,
                       std::string* out) {
  for (size_t i = 0; i < replacement.size(); ++i) {
    if (replacement[i] != '\\' || i + 1 == replacement.size()) {
      out->push_back(replacement[i]);
      continue;
    }
    char c = replacement[++i];
    if (c >= '0' && c <= '9') {
      out->append(groups[static_cast<size_t>(c - '0')]);
    } else if (c == 'x' && i + 2 < replacement.size() && HexDigit(replacement[i + 1]) >= 0 &&
               HexDigit(replacement[i + 2]) >= 0) {
      out->push_back(
          static_cast<char>(HexDigit(replacement[i + 1]) * 16 + HexDigit(replacement[i + 2])));
      i += 2;
    } else {
      out->push_back(c);
    }
  }
}

}  // namespace lb::rules
