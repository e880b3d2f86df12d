#include "rtp/extension_map.hpp"

#include <gtest/gtest.h>

namespace visavis::rtp {
namespace {

TEST(ExtensionMap, MapsBothWays) {
  ExtensionMap map;
  EXPECT_TRUE(map.empty());
  EXPECT_TRUE(map.set(3, Extension::kTransportCc));
  EXPECT_EQ(map.id_of(Extension::kTransportCc), 3);
  EXPECT_EQ(map.at(3), Extension::kTransportCc);
  EXPECT_FALSE(map.at(4));
  EXPECT_FALSE(map.id_of(Extension::kMid));
}

TEST(ExtensionMap, RefusesIdsThatTheStandardReserves) {
  ExtensionMap map;
  EXPECT_FALSE(map.set(0, Extension::kMid));
  EXPECT_FALSE(map.set(15, Extension::kMid));
  EXPECT_FALSE(map.at(0));
}

TEST(ExtensionMap, TheLaterLineWins) {
  ExtensionMap map;
  map.set(3, Extension::kMid);
  map.set(3, Extension::kRid);
  map.set(4, Extension::kRid);
  EXPECT_FALSE(map.id_of(Extension::kMid));
  EXPECT_EQ(map.id_of(Extension::kRid), 4);
  EXPECT_FALSE(map.at(3));
}

TEST(ExtensionMap, LargeIdsNeedTheTwoByteForm) {
  ExtensionMap map;
  map.set(14, Extension::kMid);
  EXPECT_FALSE(map.needs_two_byte_form());
  map.set(16, Extension::kRid);
  EXPECT_TRUE(map.needs_two_byte_form());
}

TEST(Extension, IsFoundByItsUriAndByNoOther) {
  for (std::size_t index = 0; index < kExtensionCount; ++index) {
    const auto extension = static_cast<Extension>(index);
    EXPECT_EQ(extension_of(uri(extension)), extension);
  }
  EXPECT_FALSE(extension_of("urn:ietf:params:rtp-hdrext:toffset"));
}

}  // namespace
}  // namespace visavis::rtp
