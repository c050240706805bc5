#include "dataplane/http/validation.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace lb::http {

namespace {

const char* SkipClass(const char* at, const char* end, uint8_t classes) {
  while (at != end && chars::Is(*at, classes)) ++at;
  return at;
}

}  // namespace

// Almost every name is of letters, digits, '-' and '_' alone; the table sees to the rest.
const char* SkipToken(const char* at, const char* end) {
#ifdef __SSE2__
  for (; end - at >= 16; at += 16) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    __m128i letter = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    __m128i digit = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
    __m128i common =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter),
                                  _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit)),
                     _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')),
                                  _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_'))));
    int mask = _mm_movemask_epi8(common) ^ 0xffff;
    if (mask != 0) {
      at += __builtin_ctz(static_cast<unsigned>(mask));
      break;
    }
  }
#endif
  return SkipClass(at, end, chars::kToken);
}

// Sixteen bytes at a time: values are most of a head.
const char* SkipValue(const char* at, const char* end) {
#ifdef __SSE2__
  const __m128i last_control = _mm_set1_epi8(0x1f);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7f);
  for (; end - at >= 16; at += 16) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    __m128i bad = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), control),
                               _mm_cmpeq_epi8(bytes, del));
    int mask = _mm_movemask_epi8(bad);
    if (mask != 0) return at + __builtin_ctz(static_cast<unsigned>(mask));
  }
#endif
  return SkipClass(at, end, chars::kValue);
}

const char* SkipTarget(const char* at, const char* end) {
#ifdef __SSE2__
  // As signed bytes, those from 0x80 up are negative: below every visible one.
  const __m128i space = _mm_set1_epi8(' ');
  const __m128i del = _mm_set1_epi8(0x7f);
  for (; end - at >= 16; at += 16) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    __m128i visible = _mm_andnot_si128(_mm_cmpeq_epi8(bytes, del), _mm_cmpgt_epi8(bytes, space));
    int mask = _mm_movemask_epi8(visible) ^ 0xffff;
    if (mask != 0) return at + __builtin_ctz(static_cast<unsigned>(mask));
  }
#endif
  return SkipClass(at, end, chars::kTarget);
}

bool IsToken(std::string_view text) {
  const char* end = text.data() + text.size();
  return !text.empty() && SkipToken(text.data(), end) == end;
}

bool IsHeaderValue(std::string_view value) {
  const char* end = value.data() + value.size();
  return SkipValue(value.data(), end) == end;
}

bool IsTarget(std::string_view target) {
  const char* end = target.data() + target.size();
  return !target.empty() && SkipTarget(target.data(), end) == end;
}

std::string_view TrimBlanks(std::string_view text) {
  auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace lb::http
