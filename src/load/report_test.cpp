#include "load/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/value.hpp"

namespace visavis::load {
namespace {

using testing::HasSubstr;

Result measured() {
  Result result;
  result.viewers = 200;
  result.publishers = 1;
  result.span = std::chrono::seconds(10);
  result.forwarded = 500'000;
  result.video = {.expected = 1'000, .received = 990, .repaired = 8, .frames = 300};
  result.frames_sent = 400;
  result.frames_completed = 300;
  for (int packet = 0; packet < 100; ++packet) {
    result.latency.add(std::chrono::milliseconds(packet < 98 ? 1 : 40));
    result.first_frame.add(std::chrono::milliseconds(20));
  }
  result.server_cpu = std::chrono::seconds(1);
  result.resident_before = 20'000'000;
  result.resident_after = 22'000'000;
  result.resident = {21'000'000, 22'000'000};
  result.own_share = 0.95;
  return result;
}

TEST(Report, JsonTellsWhatWasMeasured) {
  const std::vector<Result> results{measured()};
  Options options;
  options.scenario = Scenario::kAudio;
  const json::Value json = json::parse(write_json(options, results, "")).value();
  EXPECT_EQ(json["scenario"].as_string(), "audio");
  EXPECT_TRUE(json["capacity"].is_null());
  ASSERT_EQ(json["results"].size(), 1U);
  const json::Value one = json["results"].at(0);
  EXPECT_EQ(one["viewers"].as_integer(), 200);
  EXPECT_EQ(one["framesCompleted"].as_integer(), 300);
  EXPECT_DOUBLE_EQ(one["loss"].as_number(), 0.01);
  EXPECT_DOUBLE_EQ(one["missing"].as_number(), 0.002);
  EXPECT_NEAR(one["latencyMs"]["p50"].as_number(), 1, 0.05);
  EXPECT_NEAR(one["latencyMs"]["p99"].as_number(), 40, 1.5);
  EXPECT_NEAR(one["firstFrameMs"]["p90"].as_number(), 20, 1);
  EXPECT_DOUBLE_EQ(one["server"]["cpuPerPacketUs"].as_number(), 2);
  EXPECT_DOUBLE_EQ(one["server"]["bytesPerViewer"].as_number(), 10'000);
  EXPECT_EQ(one["server"]["resident"].size(), 2U);
  EXPECT_EQ(one["ownLimit"].as_string(), "this program used 95 % of its core");
  EXPECT_EQ(one["shortfall"].as_string(), "loss of 1.00 %");
}

TEST(Report, JsonOfARampTellsItsCapacityAndWhyItEnded) {
  std::vector<Result> results{measured(), measured()};
  results[0].own_share = 0.5;
  results[0].video.received = 1'000;
  results[1].viewers = 400;
  Options options;
  options.ramp_step = 200;
  const json::Value json = json::parse(write_json(options, results, "loss of 1.00 %")).value();
  EXPECT_EQ(json["capacity"].as_integer(), 200);
  EXPECT_EQ(json["rampEnded"].as_string(), "loss of 1.00 %");
  EXPECT_EQ(json["results"].size(), 2U);
}

TEST(Report, TheTableHasAColumnForEachResultAndNoServerWhereNoneWasWatched) {
  std::vector<Result> results{measured(), measured()};
  results[1].server_cpu.reset();
  results[1].frames_sent = 0;
  const std::string table = write_table(results);
  const auto row = [&table](std::string_view name) {
    const std::size_t at = table.find(name);
    return at == std::string::npos ? "" : table.substr(at, table.find('\n', at) - at);
  };
  EXPECT_THAT(row("loss, %"), HasSubstr("1.0000 (0.2000)"));
  EXPECT_THAT(row("frames completed, %"), testing::ContainsRegex("75\\.000 +-$"));
  EXPECT_THAT(row("server, µs per packet"), testing::ContainsRegex("2\\.000 +-$"));
  EXPECT_THAT(row("server, kB per viewer"), testing::ContainsRegex("10\\.0 +-$"));
}

}  // namespace
}  // namespace visavis::load
