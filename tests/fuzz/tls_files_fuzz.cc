// The files of TLS settings: what is taken is taken again, unchanged; nothing but keys is in keys;
// every message of a crt-list points into it. Parts of the input apart by lines of "%%" are the
// files beside a certificate.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "common/base/check.h"
#include "controlplane/config/tls/certificates.h"
#include "controlplane/config/tls/crt_list.h"
#include "controlplane/config/tls/openssl_names.h"
#include "controlplane/config/tls/pem.h"

namespace lb::config {
namespace {

constexpr WallTime kNow(std::chrono::days(22'000));

bool HasKeyBlock(const std::string& pem) { return pem.find("PRIVATE KEY") != std::string::npos; }

void CheckCertificate(const std::vector<std::string>& parts) {
  CertificateParts given{.pem = parts[0]};
  if (parts.size() > 1) given.ocsp = parts[1];
  if (parts.size() > 2) given.issuer = parts[2];
  if (parts.size() > 3) given.key = parts[3];
  const absl::StatusOr<LoadedTlsFile> loaded = ParseCertificate("x", given, kNow);
  if (!loaded.ok()) return;
  LB_CHECK(!HasKeyBlock(loaded->file.pem()));
  LB_CHECK(HasKeyBlock(loaded->file.key_pem()));
  LB_CHECK(!DescribeCertificates(loaded->file.pem()).empty());
  CertificateParts again = given;
  again.pem = absl::StrCat(loaded->file.pem(), loaded->file.key_pem(), loaded->file.dh_pem());
  const absl::StatusOr<LoadedTlsFile> copy = ParseCertificate("x", again, kNow);
  LB_CHECK(copy.ok());
  LB_CHECK(copy->file.SerializeAsString() == loaded->file.SerializeAsString());
}

void CheckFiles(const std::string& text) {
  const absl::StatusOr<LoadedTlsFile> authorities = ParseAuthorities("x", text, kNow);
  if (authorities.ok()) {
    LB_CHECK(!HasKeyBlock(authorities->file.pem()));
    LB_CHECK(ParseAuthorities("x", authorities->file.pem(), kNow).ok());
  }
  const absl::StatusOr<LoadedTlsFile> revocations = ParseRevocations("x", text, kNow);
  if (revocations.ok()) {
    LB_CHECK(ParseRevocations("x", revocations->file.pem(), kNow).ok());
  }
  ParseTicketKeys("x", text).status().IgnoreError();
  ParseDhParameters("x", text).status().IgnoreError();
  SplitAlpn(text).status().IgnoreError();
}

void CheckList(const std::string& text) {
  const auto lines = std::ranges::count(text, '\n') + 1;
  Diagnostics diagnostics;
  for (const CrtListEntry& entry : ParseCrtList("x.list", text, &diagnostics)) {
    LB_CHECK(!entry.file.text.empty());
    LB_CHECK(entry.file.text.find_first_of("[]") == std::string::npos);
    for (const Word& filter : entry.filters) {
      const SourcePlace place = entry.Place(filter);
      LB_CHECK(place.line >= 1 && place.line <= lines);
      LB_CHECK(place.column >= 1);
      LB_CHECK(static_cast<size_t>(place.column - 1 + place.length) <= place.line_text.size());
    }
  }
  for (const Diagnostic& entry : diagnostics.entries()) {
    LB_CHECK(entry.place.line >= 1 && entry.place.line <= lines);
  }
}

}  // namespace
}  // namespace lb::config

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string input(reinterpret_cast<const char*>(bytes), size);
  lb::config::CheckCertificate(absl::StrSplit(input, "\n%%\n"));
  lb::config::CheckFiles(input);
  lb::config::CheckList(input);
  return 0;
}
