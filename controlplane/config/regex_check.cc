#define PCRE2_CODE_UNIT_WIDTH 8
#include "controlplane/config/regex_check.h"

#include <pcre2.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"

namespace lb::config {

absl::Status CheckRegex(std::string_view pattern) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)> code(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), /*options=*/0,
                    &error, &offset, /*context=*/nullptr),
      &pcre2_code_free);
  if (code != nullptr) return absl::OkStatus();
  PCRE2_UCHAR message[256];
  pcre2_get_error_message(error, message, sizeof(message));
  return absl::InvalidArgumentError(absl::StrCat("regular expression '", std::string(pattern),
                                                 "' does not compile at offset ", offset, ": ",
                                                 reinterpret_cast<const char*>(message)));
}

}  // namespace lb::config
