#include "http/address_table.hpp"

#include <gtest/gtest.h>

#include "http/server.hpp"
#include "http/test_host.hpp"

namespace visavis::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Answer = AddressTable::Answer;

const IpAddress kAnna = IpAddress::v4(0x0A000001);
const IpAddress kBert = IpAddress::v4(0x0A000002);

TEST(AddressTableTest, OneAddressMayHaveSoManyAndAnotherTheSame) {
  AddressTable table({.open_max = 2});
  const Instant now{};
  EXPECT_EQ(table.enter(now, kAnna), Answer::kAdmitted);
  EXPECT_EQ(table.enter(now, kAnna), Answer::kAdmitted);
  EXPECT_EQ(table.enter(now, kAnna), Answer::kTooMany);
  EXPECT_EQ(table.enter(now, kBert), Answer::kAdmitted);
  table.leave(kAnna);
  EXPECT_EQ(table.enter(now, kAnna), Answer::kAdmitted);
}

TEST(AddressTableTest, NewOnesComeAtTheirRateAfterTheBurst) {
  AddressTable table({.per_second = 10, .burst = 2});
  Instant now{};
  EXPECT_EQ(table.enter(now, kAnna), Answer::kAdmitted);
  EXPECT_EQ(table.enter(now, kAnna), Answer::kAdmitted);
  EXPECT_EQ(table.enter(now, kAnna), Answer::kTooFast);
  now += milliseconds(100);
  EXPECT_EQ(table.enter(now, kAnna), Answer::kAdmitted);
  EXPECT_EQ(table.enter(now, kAnna), Answer::kTooFast);
  now += seconds(60);
  EXPECT_EQ(table.enter(now, kAnna), Answer::kAdmitted);
  EXPECT_EQ(table.enter(now, kAnna), Answer::kAdmitted);
  EXPECT_EQ(table.enter(now, kAnna), Answer::kTooFast);
}

TEST(AddressTableTest, AnIpv6NetworkCountsAsOneAddress) {
  AddressTable table({.open_max = 1});
  EXPECT_EQ(table.enter({}, IpAddress::parse("2001:db8::1").value()), Answer::kAdmitted);
  EXPECT_EQ(table.enter({}, IpAddress::parse("2001:db8::ffff:2").value()), Answer::kTooMany);
  EXPECT_EQ(table.enter({}, IpAddress::parse("2001:db8:0:1::1").value()), Answer::kAdmitted);
}

TEST(AddressTableTest, WhoIsGoneIsForgotten) {
  AddressTable counted({.open_max = 1});
  EXPECT_EQ(counted.enter({}, kAnna), Answer::kAdmitted);
  counted.leave(kAnna);
  EXPECT_EQ(counted.size(), 0U);

  AddressTable rated({.per_second = 1, .burst = 2});
  Instant now{};
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    now += milliseconds(10);
    const IpAddress address = IpAddress::v4(0x0B000000U + i);
    EXPECT_EQ(rated.enter(now, address), Answer::kAdmitted);
    rated.leave(address);
  }
  EXPECT_LT(rated.size(), 2000U);
}

TEST(AddressLimitTest, OneConnectionTooManyOfAnAddressIsDroppedAndCounted) {
  Limits limits;
  limits.per_address.open_max = 2;
  Server server(limits);
  TestHost host(server);
  Instant now{};
  const ConnectionId first = host.open(now);
  EXPECT_FALSE(host.closed(host.open(now)));
  EXPECT_TRUE(host.peer(host.open(now)).at_once);
  EXPECT_EQ(server.counters().refused_per_address, 1U);
  host.close(now, first);
  EXPECT_FALSE(host.closed(host.open(now)));
}

TEST(AddressLimitTest, AConnectionTooSoonAfterOthersIsDroppedAndCounted) {
  Limits limits;
  limits.per_address.per_second = 1;
  limits.per_address.burst = 3;
  Server server(limits);
  TestHost host(server);
  Instant now{};
  for (int i = 0; i < 3; ++i) {
    host.close(now, host.open(now));
  }
  EXPECT_TRUE(host.peer(host.open(now)).at_once);
  EXPECT_EQ(server.counters().refused_per_rate, 1U);
  now += seconds(1);
  EXPECT_FALSE(host.closed(host.open(now)));
}

}  // namespace
}  // namespace visavis::http
