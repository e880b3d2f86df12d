#include "testpeer/stamp.hpp"

#include <gtest/gtest.h>

namespace visavis::testpeer {
namespace {

constexpr Stamp kStamp{.source = 7,
                       .frame = 0x1234'5678,
                       .index = 3,
                       .count = 4,
                       .key = true,
                       .captured = Instant(Duration(0x1'2345'6789'ABCD))};

TEST(Stamp, ComesBackAsWritten) {
  Buffer bytes(Stamp::kBytes);
  write_stamp(bytes, kStamp);
  EXPECT_EQ(read_stamp(bytes), kStamp);
  EXPECT_TRUE(kStamp.last());
  EXPECT_FALSE(kStamp.first());
}

TEST(Stamp, NoticesEveryDamage) {
  Buffer bytes(Stamp::kBytes);
  write_stamp(bytes, kStamp);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Buffer damaged = bytes;
    damaged[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    EXPECT_FALSE(read_stamp(damaged)) << bit;
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(read_stamp(Bytes(bytes).first(size))) << size;
  }
}

}  // namespace
}  // namespace visavis::testpeer
