#include "dataplane/rules/functions.h"

#include <gtest/gtest.h>

namespace lb::rules {
namespace {

TEST(Functions, EveryFetchOfTheCatalogIsImplemented) {
  for (const catalog::Fetch& fetch : catalog::AllFetches()) {
    EXPECT_NE(FindFetchFunction(fetch.name), nullptr) << fetch.name;
  }
}

TEST(Functions, EveryConverterOfTheCatalogIsImplemented) {
  for (const catalog::Converter& converter : catalog::AllConverters()) {
    EXPECT_NE(FindConvertFunction(converter.name), nullptr) << converter.name;
  }
}

TEST(Functions, EveryImplementationIsInTheCatalog) {
  for (auto table : {StateFetches(), ConnectionFetches(), HeaderFetches(), MessageFetches(), TlsFetches()}) {
    for (const NamedFetch& fetch : table) {
      EXPECT_NE(catalog::FindCanonicalFetch(fetch.name), nullptr) << fetch.name;
    }
  }
  for (auto table : {TextConverters(), NumberConverters(), CodecConverters(), DateConverters()}) {
    for (const NamedConverter& converter : table) {
      EXPECT_NE(catalog::FindConverter(converter.name), nullptr) << converter.name;
    }
  }
}

TEST(Functions, UnknownNamesHaveNone) {
  EXPECT_EQ(FindFetchFunction("nope"), nullptr);
  EXPECT_EQ(FindConvertFunction("nope"), nullptr);
}

}  // namespace
}  // namespace lb::rules
