#define PCRE2_CODE_UNIT_WIDTH 8
#include "controlplane/checks/regex.h"

#include <pcre2.h>

#include <cstddef>
#include <cstdint>

namespace lb::checks {
namespace {

// Steps of one match: milliseconds at most, since the checks of all servers share a thread.
constexpr uint32_t kMatchLimit = 100'000;

}  // namespace

void Regex::Free::operator()(pcre2_real_code_8* code) const { pcre2_code_free(code); }

std::optional<Regex> Regex::Compile(std::string_view pattern) {
  int error = 0;
  size_t offset = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                   /*options=*/0, &error, &offset, nullptr);
  if (code == nullptr) return std::nullopt;
  return Regex(code);
}

bool Regex::IsFoundIn(std::string_view text) const {
  pcre2_match_data* found = pcre2_match_data_create_from_pattern(code_.get(), nullptr);
  pcre2_match_context* limits = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(limits, kMatchLimit);
  const int rc = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                             /*startoffset=*/0, /*options=*/0, found, limits);
  pcre2_match_context_free(limits);
  pcre2_match_data_free(found);
  return rc >= 0;
}

}  // namespace lb::checks
