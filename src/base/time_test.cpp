#include "base/time.hpp"

#include <gtest/gtest.h>

namespace visavis {
namespace {

using std::chrono::milliseconds;

TEST(OnGrid, IsTheFirstMultipleThatIsNotBefore) {
  constexpr Duration kStep = milliseconds(20);
  EXPECT_EQ(on_grid(Instant(milliseconds(40)), kStep), Instant(milliseconds(40)));
  EXPECT_EQ(on_grid(Instant(milliseconds(40) + Duration(1)), kStep), Instant(milliseconds(60)));
  EXPECT_EQ(on_grid(Instant(milliseconds(60) - Duration(1)), kStep), Instant(milliseconds(60)));
  EXPECT_EQ(on_grid(Instant(), kStep), Instant());
}

}  // namespace
}  // namespace visavis
