#include "base/address.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>

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

/// How many of a table's buckets hold more than so many of 200 keys.
template <class Make>
int crowded_buckets(std::size_t buckets, Make make) {
  std::array<int, 512> counts{};
  for (std::uint32_t i = 0; i < 200; ++i) {
    ++counts.at(std::hash<SocketAddress>{}(make(i)) % buckets);
  }
  return static_cast<int>(std::ranges::count_if(counts, [](int count) { return count > 6; }));
}

TEST(SocketAddress, NeighboursAreSpreadOverATableOfAnySize) {
  for (const std::size_t buckets : {256U, 257U, 509U, 512U}) {
    EXPECT_EQ(crowded_buckets(buckets,
                              [](std::uint32_t i) {
                                return SocketAddress{.ip = IpAddress::v4(0x7F010000U + i),
                                                     .port = 40'000};
                              }),
              0);
    EXPECT_EQ(crowded_buckets(buckets,
                              [](std::uint32_t i) {
                                return SocketAddress{.ip = IpAddress::v4(0x0A000001U + (i << 8U)),
                                                     .port = 40'000};
                              }),
              0);
    EXPECT_EQ(crowded_buckets(buckets,
                              [](std::uint32_t i) {
                                return SocketAddress{
                                    .ip = IpAddress::v4(0x7F000001U),
                                    .port = static_cast<std::uint16_t>(40'000 + (2 * i))};
                              }),
              0);
  }
}

}  // namespace
}  // namespace visavis
