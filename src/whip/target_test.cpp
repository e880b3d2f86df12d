#include "whip/target.hpp"

#include <gtest/gtest.h>

namespace visavis::whip {
namespace {

TEST(Target, OfTwoSegmentsIsAnEndpointAndOfThreeASession) {
  const auto endpoint = parse_target("studio/Camera%201");
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(endpoint->room, "studio");
  EXPECT_EQ(endpoint->name, "Camera 1");
  EXPECT_EQ(endpoint->session, "");
  const auto session = parse_target("st%2Fudio/a+b/secret");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->room, "st/udio");
  EXPECT_EQ(session->name, "a+b");
  EXPECT_EQ(session->session, "secret");
}

TEST(Target, OfAnyOtherFormIsNone) {
  for (const char* path : {"", "/", "studio", "studio/", "/Camera", "studio//secret", "a/b/c/",
                           "a/b/c/d", "a/%", "a/%4", "a/%zz"}) {
    EXPECT_FALSE(parse_target(path)) << path;
  }
}

}  // namespace
}  // namespace visavis::whip
