#include "sfu/route_hash.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <vector>

#include "base/random.hpp"

namespace visavis::sfu {
namespace {

/// What makes `odd` times it 1.
std::uint64_t inverse(std::uint64_t odd) {
  std::uint64_t inverted = odd;  // Newton: the bits that are right double.
  for (int step = 0; step < 6; ++step) {
    inverted *= 2 - (odd * inverted);
  }
  return inverted;
}

/// Undoes `visavis::mixed()`.
std::uint64_t unmixed(std::uint64_t word) {
  word = (word ^ (word >> 33U)) * inverse(0xC4CEB9FE1A85EC53U);
  word = (word ^ (word >> 33U)) * inverse(0xFF51AFD7ED558CCDU);
  return word ^ (word >> 33U);
}

/// Routes from one IPv6 network that `std::hash` holds for the same, one for each port: it can be
/// computed backwards.
std::vector<Route> routes_with_one_plain_hash() {
  const std::uint64_t high = SocketAddress::parse("[2001:db8::1]:1")->ip.halves()[0];
  std::vector<Route> routes;
  for (std::uint16_t port = 1; port <= 5'000; ++port) {
    const std::uint64_t low = unmixed(0x1234'5678'9ABC'DEF0U ^ port) ^ (high * 0x9E3779B97F4A7C15U);
    const std::array halves{high, low};
    const IpAddress ip = IpAddress::v6(std::bit_cast<std::array<std::uint8_t, 16>>(halves));
    routes.push_back({.local = {}, .remote = {ip, port}});
  }
  return routes;
}

std::size_t places_of(const std::vector<Route>& routes, const RouteHash& hash, std::size_t table) {
  std::set<std::size_t> places;
  for (const Route& route : routes) {
    places.insert(hash(route) % table);  // As tables do, by a prime.
  }
  return places.size();
}

TEST(RouteHash, SpreadsRoutesThatAStrangerChoseToLieInOnePlace) {
  const std::vector<Route> routes = routes_with_one_plain_hash();
  std::set<std::size_t> plain;
  for (const Route& route : routes) {
    plain.insert(std::hash<SocketAddress>{}(route.remote));
  }
  ASSERT_EQ(plain.size(), 1U);
  Random random(5);
  for (int key = 0; key < 20; ++key) {
    // 5,000 balls thrown into 20,011 places are expected to be in some 4,420 of them.
    EXPECT_GT(places_of(routes, RouteHash({random.next(), random.next(), random.next()}), 20'011),
              4'200U);
  }
}

TEST(RouteHash, SpreadsNeighbours) {
  std::vector<Route> routes;
  const SocketAddress server = *SocketAddress::parse("127.0.0.1:7000");
  for (std::uint32_t viewer = 0; viewer < 200; ++viewer) {
    routes.push_back({server, {IpAddress::v4(0x7F100000 + viewer), 40'000}});
  }
  Random random(6);
  std::size_t places = 0;
  for (int key = 0; key < 20; ++key) {
    places += places_of(routes, RouteHash({random.next(), random.next(), random.next()}), 257);
  }
  // 200 thrown into 257 places are expected to be in some 139 of them.
  EXPECT_NEAR(static_cast<double>(places) / 20, 139, 8);
}

TEST(RouteHash, TellsEachPartOfARouteApart) {
  const Route route{*SocketAddress::parse("192.0.2.1:7000"),
                    *SocketAddress::parse("10.0.0.1:40000")};
  const RouteHash hash({1, 2, 3});
  EXPECT_EQ(hash(route), hash(Route(route)));
  Route other = route;
  other.remote.port = 40'001;
  EXPECT_NE(hash(other), hash(route));
  other = route;
  other.remote.ip = IpAddress::v4(0x0A000002);
  EXPECT_NE(hash(other), hash(route));
  other = route;
  other.local.ip = IpAddress::v4(0xC0000202);
  EXPECT_NE(hash(other), hash(route));
  EXPECT_NE(RouteHash({1, 2, 4})(route), hash(route));
}

}  // namespace
}  // namespace visavis::sfu
