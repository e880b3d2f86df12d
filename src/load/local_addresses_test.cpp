#include "load/local_addresses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>

namespace visavis::load {
namespace {

TEST(LocalAddresses, BeginWithTheOneTowardsTheServerAndHaveNoOtherOfLoopback) {
  const auto addresses = local_addresses(*SocketAddress::parse("127.0.0.1:80"));
  ASSERT_FALSE(addresses.empty());
  EXPECT_EQ(addresses.front().to_string(), "127.0.0.1");
  for (const IpAddress& other : std::span(addresses).subspan(1)) {
    EXPECT_FALSE(other.is_loopback()) << other.to_string();
    EXPECT_TRUE(other.is_v4()) << other.to_string();
  }
}

}  // namespace
}  // namespace visavis::load
