#include "dataplane/http/message.h"

#include <cstdint>
#include <cstring>

namespace lb::http {

namespace {

constexpr char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

HeaderId OneOf(std::string_view name, std::string_view known, HeaderId id) {
  return EqualsIgnoreCase(name, known) ? id : HeaderId::kOther;
}

template <typename Word>
Word Load(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// The word with the byte `c` everywhere.
template <typename Word>
constexpr Word Spread(unsigned char c) {
  return static_cast<Word>(~Word{0} / 0xff * c);
}

// Every byte of the word lowered as ToLower() does, without carries between bytes.
template <typename Word>
Word LowerBytes(Word word) {
  const Word low_bits = word & Spread<Word>(0x7f);
  const Word above_z = low_bits + Spread<Word>(0x7f - 'Z');
  const Word from_a = low_bits + Spread<Word>(0x80 - 'A');
  const Word upper = (from_a ^ above_z) & ~word & Spread<Word>(0x80);
  return word | upper >> 2;
}

template <typename Word>
bool WordsEqual(const char* a, const char* b) {
  const Word left = Load<Word>(a);
  const Word right = Load<Word>(b);
  return left == right || LowerBytes(left) == LowerBytes(right);
}

// Texts of at least one word: whole words, then the last one, which may overlap.
template <typename Word>
bool EqualByWords(const char* a, const char* b, size_t size) {
  for (size_t i = 0; i + sizeof(Word) < size; i += sizeof(Word)) {
    if (!WordsEqual<Word>(a + i, b + i)) return false;
  }
  return WordsEqual<Word>(a + size - sizeof(Word), b + size - sizeof(Word));
}

// Where the path of a target begins: behind the authority of an absolute-form.
size_t PathStart(std::string_view target) {
  if (target.empty() || target[0] == '/' || target[0] == '*') return 0;
  size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return target.size();  // authority-form
  size_t start = target.find_first_of("/?", scheme + 3);
  return start == std::string_view::npos ? target.size() : start;
}

}  // namespace

HeaderId HeaderIdOf(std::string_view name) {
  switch (name.size()) {
    case 2:
      return OneOf(name, "te", HeaderId::kTe);
    case 4:
      return (name[0] | 0x20) == 'h' ? OneOf(name, "host", HeaderId::kHost)
                                     : OneOf(name, "date", HeaderId::kDate);
    case 6:
      switch (name[0] | 0x20) {
        case 'c':
          return OneOf(name, "cookie", HeaderId::kCookie);
        case 'e':
          return OneOf(name, "expect", HeaderId::kExpect);
        default:
          return OneOf(name, "server", HeaderId::kServer);
      }
    case 7:
      return (name[0] | 0x20) == 'u' ? OneOf(name, "upgrade", HeaderId::kUpgrade)
                                     : OneOf(name, "trailer", HeaderId::kTrailer);
    case 10:
      return (name[0] | 0x20) == 'c' ? OneOf(name, "connection", HeaderId::kConnection)
                                     : OneOf(name, "keep-alive", HeaderId::kKeepAlive);
    case 13:
      return OneOf(name, "authorization", HeaderId::kAuthorization);
    case 14:
      return OneOf(name, "content-length", HeaderId::kContentLength);
    case 15:
      return OneOf(name, "x-forwarded-for", HeaderId::kXForwardedFor);
    case 16:
      return OneOf(name, "proxy-connection", HeaderId::kProxyConnection);
    case 17:
      return OneOf(name, "transfer-encoding", HeaderId::kTransferEncoding);
    default:
      return HeaderId::kOther;
  }
}

bool IsForbiddenInTrailers(HeaderId id) {
  switch (id) {
    case HeaderId::kContentLength:
    case HeaderId::kTransferEncoding:
    case HeaderId::kHost:
    case HeaderId::kTrailer:
    // Fields of the connection: in HTTP/2 they make a message malformed.
    case HeaderId::kConnection:
    case HeaderId::kKeepAlive:
    case HeaderId::kProxyConnection:
    case HeaderId::kTe:
    case HeaderId::kUpgrade:
      return true;
    default:
      return false;
  }
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  const size_t size = a.size();
  if (size != b.size()) return false;
  if (size >= sizeof(uint64_t)) return EqualByWords<uint64_t>(a.data(), b.data(), size);
  if (size >= sizeof(uint32_t)) return EqualByWords<uint32_t>(a.data(), b.data(), size);
  for (size_t i = 0; i < size; ++i) {
    if (ToLower(a[i]) != ToLower(b[i])) return false;
  }
  return true;
}

void HeaderList::Add(std::string_view name, std::string_view value) {
  Add(name, value, HeaderIdOf(name));
}

void HeaderList::Add(std::string_view name, std::string_view value, HeaderId id) {
  fields_.push_back({name, value, id});
}

const Header* HeaderList::Find(std::string_view name) const {
  for (const Header& field : fields_) {
    if (EqualsIgnoreCase(field.name, name)) return &field;
  }
  return nullptr;
}

const Header* HeaderList::Find(HeaderId id) const {
  for (const Header& field : fields_) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

size_t HeaderList::Remove(std::string_view name) {
  return RemoveIf([name](const Header& field) { return EqualsIgnoreCase(field.name, name); });
}

size_t HeaderList::Remove(HeaderId id) {
  return RemoveIf([id](const Header& field) { return field.id == id; });
}

std::string_view RequestHead::path() const {
  std::string_view whole = path_and_query();
  return whole.substr(0, whole.find('?'));
}

std::string_view RequestHead::query() const {
  size_t mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

std::string_view RequestHead::path_and_query() const { return target.substr(PathStart(target)); }

std::string_view RequestHead::authority() const {
  const size_t start = target.find("://");
  if (target.empty() || target[0] == '/' || start == std::string_view::npos) return {};
  std::string_view named = target.substr(start + 3);
  named = named.substr(0, named.find_first_of("/?"));
  const size_t user_end = named.rfind('@');
  return user_end == std::string_view::npos ? named : named.substr(user_end + 1);
}

void RequestHead::Clear() {
  method = {};
  target = {};
  version_minor = 1;
  headers.Clear();
  framing = Framing::kNone;
  content_length = 0;
  may_have_trailers = false;
  keep_alive = true;
  expects_continue = false;
  wants_upgrade = false;
  has_violations = false;
}

void ResponseHead::Clear() {
  status = 0;
  reason = {};
  version_minor = 1;
  headers.Clear();
  framing = Framing::kNone;
  content_length = 0;
  is_length_implied = false;
  may_have_trailers = false;
  keep_alive = true;
  has_violations = false;
}

}  // namespace lb::http
