#include "dataplane/rules/sample.h"

#include <gtest/gtest.h>

#include <string>

namespace lb::rules {
namespace {

TEST(Sample, TextsConvertToIntegersByTheirLeadingDigits) {
  struct {
    const char* text;
    int64_t number;
  } cases[] = {
      {"12abc", 12},
      {"abc", 0},
      {"-12", -12},
      {"+7", 7},
      {"-", 0},
      {"007", 7},
      {"9223372036854775807", INT64_MAX},
      {"9223372036854775808", INT64_MAX},
      {"-9223372036854775808", INT64_MIN},
      {"-99999999999999999999", INT64_MIN},
  };
  for (const auto& c : cases) EXPECT_EQ(Sample::Text(c.text).ToInt(), c.number) << c.text;
  EXPECT_EQ(Sample::Text("").ToInt(), std::nullopt);
  EXPECT_EQ(Sample::Bytes("1").ToInt(), std::nullopt);
}

TEST(Sample, BooleansAndIntegersAreEachOther) {
  EXPECT_EQ(Sample::Bool(true).ToInt(), 1);
  EXPECT_EQ(Sample::Int(0).ToBool(), false);
  EXPECT_EQ(Sample::Int(-3).ToBool(), true);
  EXPECT_EQ(Sample::Text("x").ToBool(), false);
  EXPECT_EQ(Sample().ToBool(), std::nullopt);
}

TEST(Sample, AddressesConvert) {
  http::Arena arena;
  Sample v4 = Sample::Ip(*IpAddress::Parse("1.2.3.4"));
  EXPECT_EQ(v4.ToText(arena), "1.2.3.4");
  EXPECT_EQ(v4.ToInt(), 0x01020304);
  EXPECT_EQ(v4.ToBytes(arena), std::string_view("\1\2\3\4"));
  EXPECT_EQ(*Sample::Int(0x01020304).ToIp(), v4.ip());
  EXPECT_EQ(*Sample::Text("1.2.3.4").ToIp(), v4.ip());
  EXPECT_EQ(*Sample::Bytes(std::string_view("\1\2\3\4")).ToIp(), v4.ip());
  Sample v6 = Sample::Ip(*IpAddress::Parse("2001:db8::1"));
  EXPECT_EQ(v6.ToText(arena), "2001:db8::1");
  EXPECT_EQ(v6.ToInt(), std::nullopt);
  EXPECT_EQ(v6.ToBytes(arena)->size(), 16u);
  EXPECT_FALSE(v6.ip() == v4.ip());
  EXPECT_EQ(Sample::Int(-1).ToIp(), std::nullopt);
  EXPECT_EQ(Sample::Text("1.2.3").ToIp(), std::nullopt);
  EXPECT_FALSE(Sample::Ip(IpAddress()).has_value());
}

TEST(Sample, TakesTheAddressOutOfASocketAddress) {
  http::Arena arena;
  EXPECT_EQ(Sample::Ip(IpAddress::Of(*Address::FromIp("::1", 80))).ToText(arena), "::1");
  EXPECT_EQ(IpAddress::Of(*Address::FromUnixPath("/x")).family, 0);
}

TEST(Sample, IntegersAreEightBytesInNetworkOrder) {
  http::Arena arena;
  EXPECT_EQ(Sample::Int(10).ToBytes(arena), std::string_view("\0\0\0\0\0\0\0\n", 8));
  EXPECT_EQ(Sample::Int(INT64_MIN).ToText(arena), "-9223372036854775808");
}

TEST(Sample, AddressesAreParsedWithNothingAround) {
  for (const char* text : {"", "1.2.3.4 ", "[::1]", "1.2.3.4:80", "x", "1.2.3.4.5"}) {
    EXPECT_FALSE(IpAddress::Parse(text).has_value()) << text;
  }
  EXPECT_FALSE(IpAddress::Parse(std::string(100, '1')).has_value());
}

}  // namespace
}  // namespace lb::rules
