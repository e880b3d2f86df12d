#include "load/histogram.hpp"

#include <gtest/gtest.h>

namespace visavis::load {
namespace {

TEST(Histogram, TellsPercentilesToThreePercent) {
  Histogram histogram;
  for (int us = 1; us <= 100'000; ++us) {
    histogram.add(Duration(us));
  }
  EXPECT_EQ(histogram.count(), 100'000U);
  EXPECT_NEAR(static_cast<double>(histogram.percentile(0.5).count()), 50'000, 1600);
  EXPECT_NEAR(static_cast<double>(histogram.percentile(0.99).count()), 99'000, 3200);
  EXPECT_EQ(histogram.percentile(1), Duration(100'000));
}

TEST(Histogram, IsExactForFewMicroseconds) {
  Histogram histogram;
  for (const int us : {3, 5, 5, 9}) {
    histogram.add(Duration(us));
  }
  EXPECT_EQ(histogram.percentile(0.25), Duration(3));
  EXPECT_EQ(histogram.percentile(0.5), Duration(5));
  EXPECT_EQ(histogram.percentile(0.75), Duration(5));
  EXPECT_EQ(histogram.percentile(0.76), Duration(9));
}

TEST(Histogram, OfNothingIsZero) {
  EXPECT_EQ(Histogram().percentile(0.99), Duration::zero());
}

TEST(Histogram, TakesNegativeAndEndlessOnes) {
  Histogram histogram;
  histogram.add(Duration(-5));
  histogram.add(std::chrono::hours(10'000));
  EXPECT_EQ(histogram.percentile(0.5), Duration::zero());
  EXPECT_EQ(histogram.max(), std::chrono::hours(1));
}

}  // namespace
}  // namespace visavis::load
