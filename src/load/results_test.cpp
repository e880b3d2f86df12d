#include "load/results.hpp"

#include <gtest/gtest.h>

#include "load/report.hpp"

namespace visavis::load {
namespace {

Result good(std::size_t viewers) {
  Result result;
  result.viewers = viewers;
  result.span = std::chrono::seconds(10);
  result.forwarded = 1'000'000;
  result.video = {.expected = 1'000'000, .received = 1'000'000};
  for (int packet = 0; packet < 1000; ++packet) {
    result.latency.add(std::chrono::milliseconds(1));
  }
  return result;
}

TEST(Ramp, AStepHoldsUpToATenthOfAPercentOfLoss) {
  Result result = good(100);
  result.video.received -= 1000;
  EXPECT_EQ(shortfall(result, {}), "");
  result.video.received -= 1;
  EXPECT_EQ(shortfall(result, {}), "loss of 0.10 %");
}

TEST(Ramp, AStepEndsItWhenOneInAHundredPacketsTakesTooLong) {
  Result result = good(100);
  for (int packet = 0; packet < 9; ++packet) {
    result.latency.add(std::chrono::milliseconds(80));
  }
  EXPECT_EQ(shortfall(result, {}), "");
  for (int packet = 0; packet < 9; ++packet) {
    result.latency.add(std::chrono::milliseconds(80));
  }
  EXPECT_NE(shortfall(result, {}), "");
}

TEST(Ramp, AViewerWithoutAFrameOrAFailedOneEndsIt) {
  Result result = good(100);
  result.without_frames = 1;
  EXPECT_NE(shortfall(result, {}), "");
  result = good(100);
  result.failed = 1;
  result.failure = "HTTP 503";
  EXPECT_EQ(shortfall(result, {}), "1 clients failed: HTTP 503");
}

TEST(Ramp, CapacityIsTheLargestStepThatHeldAndWasTheServers) {
  std::vector<Result> results = {good(100), good(200), good(300)};
  results[2].own_share = 0.95;
  EXPECT_EQ(capacity(results), 200U);
  results[1].video.received /= 2;
  EXPECT_EQ(capacity(results), 100U);
}

TEST(Result, SaysWhenThisProgramIsTheLimit) {
  Result result = good(100);
  EXPECT_EQ(own_limit(result), "");
  result.own_share = 0.91;
  EXPECT_EQ(own_limit(result), "this program used 91 % of its core");
  result.own_share = 0.5;
  result.own_wait = 0.2;
  EXPECT_EQ(own_limit(result), "others had this program's core for 20 % of the time");
  result.own_wait = 0.05;
  result.own_drops = 3;
  EXPECT_EQ(own_limit(result), "3 datagrams were dropped at this program's socket");
}

TEST(Result, TellsWhatAPacketAndAViewerCost) {
  Result result = good(100);
  result.server_cpu = std::chrono::seconds(2);
  result.resident_before = 10'000'000;
  result.resident_after = 11'000'000;
  EXPECT_DOUBLE_EQ(result.cpu_per_packet_us(), 2.0);
  EXPECT_DOUBLE_EQ(result.server_share(), 0.2);
  EXPECT_DOUBLE_EQ(result.bytes_per_viewer(), 10'000);
}

TEST(Result, ASlopeIsWhatMemoryGainsAfterTheStart) {
  Result result = good(100);
  result.span = std::chrono::minutes(4);
  // A minute of filling up, then a thousand bytes a minute.
  for (std::uint64_t second = 0; second < 240; ++second) {
    result.resident.push_back(second < 60 ? second * 1'000'000
                                          : 60'000'000 + (second - 60) * 1000 / 60);
  }
  EXPECT_NEAR(result.resident_slope(), 1000, 20);
}

TEST(Result, ASinglePacketLostIsABlemish) {
  Result result = good(50);
  EXPECT_EQ(blemish(result), "");
  result.video.received -= 1;
  EXPECT_NE(blemish(result), "");
  result = good(50);
  result.forwarded = 0;
  EXPECT_EQ(blemish(result), "nothing was forwarded");
}

}  // namespace
}  // namespace visavis::load
