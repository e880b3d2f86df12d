#include "load/command_line.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace visavis::load {
namespace {

std::expected<Options, Exit> read(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "visavis-load");
  return read_command_line(arguments);
}

TEST(CommandLine, TakesAScenarioAndItsShape) {
  const auto options = read({"broadcast", "--viewers", "2000", "--cipher", "cm", "--codec", "h264",
                             "--server-pid", "12,13", "--over", "whip"});
  ASSERT_TRUE(options) << options.error().text;
  EXPECT_EQ(options->viewers, 2000U);
  EXPECT_EQ(options->cipher, dtls::SrtpProfiles::kCm);
  EXPECT_EQ(options->codec, rtp::CodecName::kH264);
  EXPECT_EQ(options->server_pids, (std::vector{12, 13}));
  EXPECT_EQ(options->whep_template, "http://127.0.0.1:8080/whep/{room}/{name}");
}

TEST(CommandLine, APublisherLikeFfmpegSendsH264ByWhip) {
  const auto options = read({"broadcast", "--publisher", "ffmpeg", "--over", "whip"});
  ASSERT_TRUE(options) << options.error().text;
  EXPECT_EQ(options->publisher, sdp::BrowserShape::kFfmpeg);
  EXPECT_EQ(options->codec, rtp::CodecName::kH264);
}

TEST(CommandLine, DatagramsAreReadWhenTheyComeUnlessATickIsGiven) {
  EXPECT_EQ(read({"broadcast"})->read_tick, Duration::zero());
  const auto options = read({"broadcast", "--read-tick-us", "1000"});
  ASSERT_TRUE(options) << options.error().text;
  EXPECT_EQ(options->read_tick, std::chrono::milliseconds(1));
}

TEST(CommandLine, ATemplateMeansWhip) {
  const auto options = read({"broadcast", "--whip", "http://127.0.0.1:9/p?s={name}", "--whep",
                             "http://127.0.0.1:9/q?s={name}", "--token", "secret"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->over, Over::kWhip);
  EXPECT_EQ(options->bearer, "secret");
}

TEST(CommandLine, ABadFlagIsOneLineAndExitCodeTwo) {
  for (const std::vector<const char*>& bad : std::vector<std::vector<const char*>>{
           {},
           {"dance"},
           {"broadcast", "--viewers", "999999"},
           {"broadcast", "--nonsense"},
           {"broadcast", "--server", "https://127.0.0.1"},
           {"broadcast", "--server-pid", "12,x"},
           {"meeting", "--over", "whip"},
           {"meeting", "--people", "4", "--ramp", "10"},
           {"churn", "--ramp", "10"},
           {"broadcast", "--cipher", "des"},
           {"broadcast", "--publisher", "ffmpeg"},
           {"broadcast", "--over", "whip", "--publisher", "ffmpeg", "--codec", "vp8"},
           {"broadcast", "--rooms", "1000", "--viewers", "1000"}}) {
    const auto options = read(bad);
    ASSERT_FALSE(options);
    EXPECT_EQ(options.error().code, Exit::kUsage);
    EXPECT_EQ(options.error().text.find('\n'), std::string::npos);
  }
}

TEST(CommandLine, EveryScenarioWhoseViewersStayHasARamp) {
  for (const char* scenario : {"broadcast", "audio", "meeting"}) {
    const auto options = read({scenario, "--ramp", "40", "--ramp-max", "400"});
    ASSERT_TRUE(options) << options.error().text;
    EXPECT_EQ(options->ramp_step, 40U);
  }
  const auto meeting = read({"meeting", "--ramp", "40", "--ramp-max", "400"});
  EXPECT_EQ(meeting->publishers_in_all() + meeting->viewers_in_all(), 400U);
}

TEST(CommandLine, AnUnknownScenarioIsToldWithThoseThatThereAre) {
  const std::string text = read({"meetin"}).error().text;
  EXPECT_NE(text.find("meetin not in {audio,broadcast,churn,meeting}"), std::string::npos) << text;
}

TEST(CommandLine, TrafficLeavesThisMachineOnlyWhenAllowed) {
  EXPECT_FALSE(read({"broadcast", "--server", "http://192.0.2.1:80"}));
  EXPECT_FALSE(read({"broadcast", "--whep", "http://192.0.2.1/{name}"}));
  EXPECT_TRUE(read({"broadcast", "--server", "http://192.0.2.1:80", "--allow-remote"}));
}

}  // namespace
}  // namespace visavis::load
