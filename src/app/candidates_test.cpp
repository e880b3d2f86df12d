#include "app/candidates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace visavis::app {
namespace {

using testing::ElementsAre;

SocketAddress at(std::string_view text) {
  return SocketAddress::parse(text).value();
}
IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

TEST(MediaCandidates, AreEachAddressAtThePortOfItsFamily) {
  const std::vector sockets = {at("0.0.0.0:7000"), at("[::]:7006")};
  const std::vector announced = {ip("192.168.1.5"), ip("2001:db8::5"), ip("127.0.0.1")};
  EXPECT_THAT(media_candidates(sockets, announced, false),
              ElementsAre(at("192.168.1.5:7000"), at("[2001:db8::5]:7006"), at("127.0.0.1:7000")));
}

TEST(MediaCandidates, AreOnlyTheAddressThatASocketIsBoundTo) {
  const std::vector sockets = {at("127.0.0.1:7000")};
  const std::vector announced = {ip("192.168.1.5"), ip("127.0.0.1")};
  EXPECT_THAT(media_candidates(sockets, announced, false), ElementsAre(at("127.0.0.1:7000")));
}

TEST(MediaCandidates, KnowABoundAddressThatIsNotAnnouncedByItself) {
  const std::vector sockets = {at("[::1]:7000")};
  const std::vector announced = {ip("192.168.1.5")};
  EXPECT_THAT(media_candidates(sockets, announced, false), ElementsAre(at("[::1]:7000")));
}

TEST(MediaCandidates, AreWhatTheOperatorSaysBehindANat) {
  const std::vector sockets = {at("10.0.0.4:7000")};
  const std::vector announced = {ip("203.0.113.1")};
  EXPECT_THAT(media_candidates(sockets, announced, true), ElementsAre(at("203.0.113.1:7000")));
}

}  // namespace
}  // namespace visavis::app
