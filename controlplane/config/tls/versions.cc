#include "controlplane/config/tls/versions.h"

#include <algorithm>

namespace lb::config {
namespace {

constexpr int kOldest = v1::TLS_1_0;  // OpenSSL 3 of Debian has no SSLv3

bool IsDisabled(const TlsVersionWords& words, int version) {
  return (words.disabled & (1u << version)) != 0;
}

}  // namespace

TlsVersionRange ResolveVersions(const TlsVersionWords& words) {
  TlsVersionRange range;
  int min = words.min.value_or(v1::TLS_1_2);
  int max = words.max.value_or(v1::TLS_1_3);
  if (!words.min && max < min) {
    min = max;
    range.warning =
        "the highest version is below TLS 1.2, the least without 'ssl-min-ver': it is the least as "
        "well";
  }
  if (words.min || words.max) {
    // SSLv3 is never there; ruling it out as well is no contradiction.
    if ((words.disabled & ~(1u << TlsVersionWords::kSslv3)) != 0) {
      range.warning = "'no-tlsv1x' is ignored beside 'ssl-min-ver', 'ssl-max-ver' or 'force-*'";
    }
  } else {
    while (min <= max && IsDisabled(words, min)) ++min;
    while (min <= max && IsDisabled(words, max)) --max;
  }
  min = std::max(min, kOldest);
  if (min > max) {
    range.is_empty = true;
    return range;
  }
  range.min = static_cast<v1::TlsVersion>(min);
  range.max = static_cast<v1::TlsVersion>(max);
  return range;
}

}  // namespace lb::config
