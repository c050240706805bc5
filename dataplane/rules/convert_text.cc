// Converters of texts.
// Source: HAProxy configuration manual, section 7.3.1.
#include <algorithm>
#include <cstring>
#include <limits>

#include "dataplane/rules/functions.h"

namespace lb::rules {
namespace {

template <char (*kMap)(char)>
Sample MapBytes(const Sample& in, const ProgramArgs&, TxnContext& context) {
  std::string_view text = in.text();
  char* start = context.arena->Allocate(text.size());
  std::transform(text.begin(), text.end(), start, kMap);
  return Sample::Text({start, text.size()});
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

Sample Length(const Sample& in, const ProgramArgs&, TxnContext&) {
  return Sample::Int(static_cast<int64_t>(in.text().size()));
}

// args: offset, length.
Sample SomeBytes(const Sample& in, const ProgramArgs& args, TxnContext&) {
  std::string_view bytes = in.text();
  if (args.number[0] < 0 || static_cast<uint64_t>(args.number[0]) >= bytes.size()) return Sample();
  size_t count = std::string_view::npos;
  if (args.has(1)) {
    if (args.number[1] < 0) return Sample();
    count = static_cast<size_t>(args.number[1]);
  }
  return Sample::Bytes(bytes.substr(static_cast<size_t>(args.number[0]), count));
}

// args: start, variable, end. An unset variable adds nothing.
Sample Concat(const Sample& in, const ProgramArgs& args, TxnContext& context) {
  std::string_view middle;
  if (args.variable[1].has_value()) {
    const VariableSet* set = VariablesOf(context, args.variable[1]->scope);
    if (set != nullptr) {
      middle = set->Get(args.variable[1]->key).ToText(*context.arena).value_or("");
    }
  }
  return Sample::Text(context.arena->Concat({in.text(), args.text[0], middle, args.text[2]}));
}

Sample CutCrLf(const Sample& in, const ProgramArgs&, TxnContext&) {
  return Sample::Text(in.text().substr(0, in.text().find_first_of("\r\n")));
}

Sample TrimLeft(const Sample& in, const ProgramArgs& args, TxnContext&) {
  size_t start = in.text().find_first_not_of(args.text[0]);
  return Sample::Text(start == std::string_view::npos ? "" : in.text().substr(start));
}

Sample TrimRight(const Sample& in, const ProgramArgs& args, TxnContext&) {
  return Sample::Text(in.text().substr(0, in.text().find_last_not_of(args.text[0]) + 1));
}

// The pieces of a text between single delimiters (fields), or between runs of them (words).
// Walks from the front, or from the back when `from_back`.
class Pieces {
 public:
  Pieces(std::string_view text, std::string_view delimiters, bool are_words, bool from_back)
      : text_(text), delimiters_(delimiters), are_words_(are_words), from_back_(from_back) {}

  // Where the next piece starts and ends within the text; false when there is none left.
  bool Next(size_t* start, size_t* end) {
    do {
      if (!NextField(start, end)) return false;
    } while (are_words_ && *start == *end);
    return true;
  }

 private:
  bool NextField(size_t* start, size_t* end) {
    if (is_done_) return false;
    if (from_back_) {
      *end = text_.size() - used_;
      size_t delimiter =
          *end == 0 ? std::string_view::npos : text_.find_last_of(delimiters_, *end - 1);
      is_done_ = delimiter == std::string_view::npos;
      *start = is_done_ ? 0 : delimiter + 1;
      used_ = text_.size() - *start + 1;
    } else {
      *start = used_;
      size_t delimiter = text_.find_first_of(delimiters_, *start);
      is_done_ = delimiter == std::string_view::npos;
      *end = is_done_ ? text_.size() : delimiter;
      used_ = *end + 1;
    }
    return true;
  }

  std::string_view text_;
  std::string_view delimiters_;
  bool are_words_;
  bool from_back_;
  size_t used_ = 0;  // bytes taken from the front, or from the back
  bool is_done_ = false;
};

// args: index (negative: from the back), delimiters, count (0: all that follow; default 1).
template <bool kAreWords>
Sample Piece(const Sample& in, const ProgramArgs& args, TxnContext&) {
  int64_t index = args.number[0];
  int64_t count = args.has(2) ? args.number[2] : 1;
  if (index == 0 || count < 0) return Sample();
  bool from_back = index < 0;
  Pieces pieces(in.text(), args.text[1], kAreWords, from_back);
  size_t start = 0;
  size_t end = 0;
  for (int64_t i = from_back ? -index : index; i > 0; --i) {
    if (!pieces.Next(&start, &end)) return Sample();
  }
  bool takes_rest = count == 0;
  size_t more_start;
  size_t more_end;
  for (int64_t i = 1; i < count && !takes_rest; ++i) {
    // With fewer pieces left than asked for, all that follows is taken, delimiters included.
    takes_rest = !pieces.Next(&more_start, &more_end);
    if (!takes_rest) (from_back ? start : end) = from_back ? more_start : more_end;
  }
  if (takes_rest) (from_back ? start : end) = from_back ? 0 : in.text().size();
  return Sample::Text(in.text().substr(start, end - start));
}

// args: regex, replacement, flags.
Sample RegSub(const Sample& in, const ProgramArgs& args, TxnContext& context) {
  std::string_view text = in.text();
  bool is_global = args.text[2].find('g') != std::string::npos;
  std::string& out = *context.scratch;
  size_t keep = out.size();  // a log format may be half-way through using the buffer
  size_t at = 0;
  Regex::Groups groups;
  while (at <= text.size() && args.regex->Find(text, at, &groups)) {
    size_t start = static_cast<size_t>(groups[0].data() - text.data());
    out.append(text.substr(at, start - at));
    ExpandReplacement(args.text[1], groups, &out);
    at = start + groups[0].size();
    if (!is_global) break;
    if (groups[0].empty()) {
      if (at < text.size()) out.push_back(text[at]);
      ++at;
    }
  }
  if (at < text.size()) out.append(text.substr(at));
  std::string_view result = context.arena->Copy(std::string_view(out).substr(keep));
  out.resize(keep);
  return Sample::Text(result);
}

// "host", "host:80", "[::1]:80", "::1" -> where the host ends.
size_t HostEnd(std::string_view host) {
  size_t colon = host.find_last_of(":]");
  return colon != std::string_view::npos && host[colon] == ':' ? colon : host.size();
}

Sample HostOnly(const Sample& in, const ProgramArgs&, TxnContext&) {
  return Sample::Text(in.text().substr(0, HostEnd(in.text())));
}

Sample PortOnly(const Sample& in, const ProgramArgs&, TxnContext&) {
  size_t end = HostEnd(in.text());
  if (end + 1 >= in.text().size()) return Sample::Int(0);
  return Sample::Int(Sample::Text(in.text().substr(end + 1)).ToInt().value_or(0));
}

// args: variable. The difference of the first bytes that differ, else of the lengths.
Sample StrCmp(const Sample& in, const ProgramArgs& args, TxnContext& context) {
  const VariableSet* set = VariablesOf(context, args.variable[0]->scope);
  if (set == nullptr) return Sample();
  std::optional<std::string_view> other = set->Get(args.variable[0]->key).ToText(*context.arena);
  if (!other.has_value()) return Sample();
  std::string_view text = in.text();
  for (size_t i = 0; i < std::min(text.size(), other->size()); ++i) {
    int difference = static_cast<uint8_t>(text[i]) - static_cast<uint8_t>((*other)[i]);
    if (difference != 0) return Sample::Int(difference);
  }
  return Sample::Int(static_cast<int64_t>(text.size()) - static_cast<int64_t>(other->size()));
}

// args: true text, false text.
Sample IfElse(const Sample& in, const ProgramArgs& args, TxnContext&) {
  return Sample::Text(in.boolean() ? args.text[0] : args.text[1]);
}

// args: prefix lengths for IPv4 and IPv6. An IPv6 address without a mask for it gives nothing.
Sample IpMask(const Sample& in, const ProgramArgs& args, TxnContext&) {
  IpAddress ip = in.ip();
  if (ip.family == 6 && !args.has(1)) return Sample();
  if (ip.family == 4) {
    for (size_t i = 0; i < 4; ++i) {
      ip.bytes[i] &= static_cast<uint8_t>(args.number[0] >> (24 - 8 * i));
    }
    return Sample::Ip(ip);
  }
  for (int64_t i = 0; i < 16; ++i) {
    int64_t bits = std::clamp<int64_t>(args.number[1] - 8 * i, 0, 8);
    ip.bytes[i] &= static_cast<uint8_t>(0xff00 >> bits);
  }
  return Sample::Ip(ip);
}

constexpr NamedConverter kTextConverters[] = {
    {"bytes", SomeBytes},    {"concat", Concat},      {"cut_crlf", CutCrLf},
    {"field", Piece<false>}, {"host_only", HostOnly}, {"iif", IfElse},
    {"ipmask", IpMask},      {"length", Length},      {"lower", MapBytes<Lower>},
    {"ltrim", TrimLeft},     {"port_only", PortOnly}, {"regsub", RegSub},
    {"rtrim", TrimRight},    {"strcmp", StrCmp},      {"upper", MapBytes<Upper>},
    {"word", Piece<true>},
};

}  // namespace

std::span<const NamedConverter> TextConverters() { return kTextConverters; }

}  // namespace lb::rules
