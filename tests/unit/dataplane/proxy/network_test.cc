#include "dataplane/proxy/network.h"

#include "gtest/gtest.h"

namespace lb::proxy {
namespace {

TEST(Network, ContainsTheAddressesOfItsPrefix) {
  struct Case {
    const char* network;
    const char* address;
    bool contains;
  };
  for (const Case& c :
       {Case{"10.0.0.0/8", "10.255.1.2", true}, Case{"10.0.0.0/8", "11.0.0.0", false},
        Case{"192.168.4.0/22", "192.168.7.255", true}, Case{"192.168.4.0/22", "192.168.8.0", false},
        Case{"127.0.0.1", "127.0.0.1", true}, Case{"127.0.0.1", "127.0.0.2", false},
        Case{"0.0.0.0/0", "203.0.113.9", true}, Case{"0.0.0.0/0", "::1", false},
        Case{"2001:db8::/33", "2001:db8:7fff::1", true},
        Case{"2001:db8::/33", "2001:db8:8000::1", false}, Case{"::1", "::1", true}}) {
    const absl::StatusOr<Network> network = Network::Parse(c.network);
    ASSERT_TRUE(network.ok()) << c.network;
    EXPECT_EQ(network->Contains(Address::FromIp(c.address, 80).value()), c.contains)
        << c.network << " " << c.address;
  }
}

TEST(Network, ContainsNoUnixAddress) {
  EXPECT_FALSE(Network::Parse("0.0.0.0/0")->Contains(Address::FromUnixPath("/x").value()));
}

TEST(Network, RefusesWhatIsNone) {
  for (const char* text : {"", "a", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/x",
                           "10.0.0.0/8 ", "10.0.0.0/-1"}) {
    EXPECT_FALSE(Network::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace lb::proxy
