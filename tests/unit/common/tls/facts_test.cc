#include "common/tls/facts.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace lb::tls {
namespace {

// C=CH, O=Op, OU=dev, OU=infra, CN=ali, "x": subject and issuer.
X509Ptr CertificateOfAli() {
  X509Ptr certificate(X509_new());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  auto add = [name](const char* part, const char* value) {
    X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(value), -1, -1, 0);
  };
  add("C", "CH");
  add("O", "Op");
  add("OU", "dev");
  add("OU", "infra");
  add("CN", "ali, \"x\"");
  X509_set_issuer_name(certificate.get(), name);
  return certificate;
}

TEST(CertificateName, HasItsPartsUnderTheirNamesInAnyCase) {
  const X509Ptr certificate = CertificateOfAli();
  constexpr struct {
    const char* part;
    int occurrence;
    const char* value;  // null: none
  } kCases[] = {
      {"CN", 1, "ali, \"x\""}, {"cn", 1, "ali, \"x\""}, {"o", 1, "Op"},
      {"OU", 1, "dev"},        {"ou", 2, "infra"},      {"Ou", 3, nullptr},
      {"OU", -1, "infra"},     {"OU", -2, "dev"},       {"OU", -3, nullptr},
      {"OU", 0, nullptr},      {"L", 1, nullptr},       {"commonName", 1, nullptr},
  };
  for (const auto& c : kCases) {
    for (NameField which : {NameField::kSubject, NameField::kIssuer}) {
      const std::optional<std::string> value =
          NamePart(certificate.get(), which, c.part, c.occurrence);
      EXPECT_EQ(value, c.value != nullptr ? std::optional<std::string>(c.value) : std::nullopt)
          << c.part << " " << c.occurrence;
    }
  }
}

TEST(CertificateName, IsWrittenInTwoWays) {
  const X509Ptr certificate = CertificateOfAli();
  EXPECT_EQ(NameText(certificate.get(), NameField::kSubject),
            "/C=CH/O=Op/OU=dev/OU=infra/CN=ali, \"x\"");
  EXPECT_EQ(NameTextRfc2253(certificate.get(), NameField::kSubject),
            "CN=ali\\, \\\"x\\\",OU=infra,OU=dev,O=Op,C=CH");
}

}  // namespace
}  // namespace lb::tls
