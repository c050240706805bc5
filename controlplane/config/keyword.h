// Keyword: one row of the configuration language's tables, and the look-ups over all of them.
//
// The parser (names, sections, number of arguments), the analyzer (handlers), the reference page
// (docs/configuration.md) and "did you mean" read the same rows. The tables are in keywords/, one
// file for each area. Adding a directive is one row, the field it sets, and one golden test.
// Constant after start-up; usable from any thread.
#ifndef LB_CONTROLPLANE_CONFIG_KEYWORD_H_
#define LB_CONTROLPLANE_CONFIG_KEYWORD_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lb::config {

struct Statement;
class Scope;
class LineScope;

enum class SectionKind : uint8_t { kGlobal, kDefaults, kFrontend, kListen, kBackend, kIgnored };

// Sets of sections.
using Sections = uint8_t;
constexpr Sections Bit(SectionKind kind) { return static_cast<Sections>(1u << unsigned(kind)); }
inline constexpr Sections kInGlobal = Bit(SectionKind::kGlobal);
inline constexpr Sections kInDefaults = Bit(SectionKind::kDefaults);
inline constexpr Sections kInFrontend = Bit(SectionKind::kFrontend) | Bit(SectionKind::kListen);
inline constexpr Sections kInBackend = Bit(SectionKind::kBackend) | Bit(SectionKind::kListen);
inline constexpr Sections kInProxy = kInFrontend | kInBackend;
inline constexpr Sections kInAnyProxy = kInProxy | kInDefaults;

// "frontend", "defaults", ...
std::string_view SectionName(SectionKind kind);

enum class Support : uint8_t {
  kFull,
  kNotYet,       // in the snapshot, but data planes do not honour it yet: a warning
  kNotice,       // accepted, of no effect; `reason` says why
  kUnsupported,  // an error that names it; `reason` may add to it
};

// What the keywords of sections and the parameters of bind and server lines have in common.
struct KeywordText {
  std::string_view name;       // "timeout client": words apart by one space
  std::string_view arguments;  // "<duration>"; empty: none
  std::string_view summary;    // one line, for the reference page
  std::string_view fallback;   // the default, as one would write it; empty: none
  std::string_view manual;     // section of HAProxy's manual
  Support support = Support::kFull;
  std::string_view reason;
};

inline constexpr int kAnyNumber = -1;

// Which argument of a keyword may be any bytes; all other words are UTF-8 text.
enum class BytesArgument : uint8_t { kNone, kFirst, kLast };

struct Keyword {
  KeywordText text;
  Sections sections = 0;
  int min_args = 0;
  int max_args = 0;                  // or kAnyNumber
  bool can_negate = false;           // "no <keyword>" is allowed
  bool must_be_here = false;         // in another kind of proxy it is an error instead of ignored
  bool only_named_defaults = false;  // refused in a defaults section without a name
  BytesArgument bytes = BytesArgument::kNone;
  void (*apply)(const Statement&, Scope&) = nullptr;  // null for kNotice and kUnsupported
};

// A parameter of a "bind" or "server" line.
struct Parameter {
  KeywordText text;
  int args = 0;
  void (*apply)(LineScope&) = nullptr;  // null for kNotice and kUnsupported
};

// The tables, in the order of the reference page, and all their rows as one.
struct KeywordTable {
  std::string_view title;
  std::span<const Keyword> rows;
};
std::span<const KeywordTable> KeywordTables();
std::span<const Keyword> AllKeywords();

// The row whose name is the longest prefix of `words`, preferring one valid in `section`.
// `used` gets the number of words in the name. Null when there is none.
const Keyword* FindKeyword(SectionKind section, std::span<const std::string_view> words,
                           size_t* used);

// The name closest to `words` among the supported keywords of `section`; empty when none is close.
std::string ClosestKeyword(SectionKind section, std::span<const std::string_view> words);

// The candidate closest to `text` by edit distance (swaps count once); empty when none is close.
std::string Closest(std::string_view text, std::span<const std::string_view> candidates);

// "did you mean 'x'?", or nothing when `closest` is empty.
std::string DidYouMean(std::string_view closest);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_KEYWORD_H_
