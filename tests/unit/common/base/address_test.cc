#include "common/base/address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <string>

namespace lb {
namespace {

TEST(Address, ParsesAndPrintsEachFamily) {
  for (const char* text : {"127.0.0.1:80", "0.0.0.0:0", "[::1]:443", "[2001:db8::7]:65535",
                           "unix:/run/lb.sock", "unix:@abstract"}) {
    absl::StatusOr<Address> address = Address::Parse(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->ToString(), text);
    EXPECT_EQ(Address::FromSockaddr(address->sa(), address->length()), *address) << text;
  }
}

TEST(Address, TakesOtherSpellings) {
  EXPECT_EQ(Address::Parse("*:80")->ToString(), "0.0.0.0:80");
  EXPECT_EQ(Address::Parse(":80")->ToString(), "0.0.0.0:80");
  EXPECT_EQ(Address::Parse("::1:80")->ToString(), "[::1]:80");
}

TEST(Address, RefusesWhatIsNone) {
  for (const char* text :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x",
        "127.0.0.1: 80", "example.test:80", "[::1:80", "unix:"}) {
    EXPECT_FALSE(Address::Parse(text).ok()) << text;
  }
  EXPECT_FALSE(Address::FromUnixPath(std::string(108, 'a')).ok());
  EXPECT_TRUE(Address::FromUnixPath(std::string(107, 'a')).ok());
}

TEST(Address, KnowsItsParts) {
  const Address v6 = *Address::Parse("[::1]:443");
  EXPECT_TRUE(v6.is_ip());
  EXPECT_EQ(v6.family(), AF_INET6);
  EXPECT_EQ(v6.Ip(), "::1");
  EXPECT_EQ(v6.port(), 443);
  EXPECT_EQ(v6.UnixPath(), "");

  const Address path = *Address::Parse("unix:/a");
  EXPECT_TRUE(path.is_unix());
  EXPECT_EQ(path.Ip(), "unix");
  EXPECT_EQ(path.port(), 0);
  EXPECT_EQ(path.UnixPath(), "/a");
}

TEST(Address, ComparesByValue) {
  EXPECT_EQ(*Address::Parse("127.0.0.1:80"), *Address::FromIp("127.0.0.1", 80));
  EXPECT_FALSE(*Address::Parse("127.0.0.1:80") == *Address::Parse("127.0.0.1:81"));
  EXPECT_FALSE(*Address::Parse("127.0.0.1:80") == *Address::Parse("[::ffff:127.0.0.1]:80"));
  EXPECT_EQ(Address(), Address());
}

TEST(Address, ThePortCanBeChanged) {
  Address address = *Address::Parse("[::1]:80");
  address.set_port(8080);
  EXPECT_EQ(address.ToString(), "[::1]:8080");
  Address path = *Address::Parse("unix:/a");
  path.set_port(1);
  EXPECT_EQ(path.ToString(), "unix:/a");
}

TEST(Address, KnowsTheUnspecifiedOnes) {
  for (const char* text : {"0.0.0.0:80", "*:80", "[::]:0"}) {
    EXPECT_TRUE(Address::Parse(text)->is_any()) << text;
  }
  for (const char* text : {"127.0.0.1:80", "[::1]:80", "unix:/a"}) {
    EXPECT_FALSE(Address::Parse(text)->is_any()) << text;
  }
  EXPECT_FALSE(Address().is_any());
}

TEST(Address, IsEmptyUntilSet) {
  EXPECT_EQ(Address().family(), AF_UNSPEC);
  EXPECT_EQ(Address().ToString(), "");
  EXPECT_EQ(Address::PeerOf(-1).family(), AF_UNSPEC);
}

}  // namespace
}  // namespace lb
