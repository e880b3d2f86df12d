#include "base/address.hpp"

#include <gtest/gtest.h>

namespace visavis {
namespace {

TEST(IpAddress, AMappedAddressIsTheIpv4AddressItStandsFor) {
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1"), IpAddress::parse("192.0.2.1"));
  EXPECT_TRUE(IpAddress::parse("::ffff:127.0.0.1")->is_loopback());
}

TEST(IpAddress, WhatIsReadIsWrittenTheSame) {
  for (const std::string_view text :
       {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::1"}) {
    ASSERT_TRUE(IpAddress::parse(text)) << text;
    EXPECT_EQ(IpAddress::parse(text)->to_string(), text);
  }
}

TEST(SocketAddress, ReadsBothFamilies) {
  EXPECT_EQ(SocketAddress::parse("127.0.0.1:80")->port, 80);
  EXPECT_EQ(SocketAddress::parse("[::1]:8080")->to_string(), "[::1]:8080");
}

TEST(SocketAddress, RefusesWhatIsNoAddress) {
  for (const std::string_view text : {"", ":", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1",
                                      "::1:80", "host:80", "[::1]", "1.2.3.4:8x", "256.0.0.1:1"}) {
    EXPECT_FALSE(SocketAddress::parse(text)) << text;
  }
}

}  // namespace
}  // namespace visavis
