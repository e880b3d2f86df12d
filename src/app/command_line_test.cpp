#include "app/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

#include "app/test_files.hpp"

namespace visavis::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::expected<Config, Exit> read(std::initializer_list<const char*> arguments) {
  std::vector<const char*> all = {"visavis"};
  all.insert(all.end(), arguments);
  return read_command_line(all);
}

SocketAddress at(std::string_view text) {
  return SocketAddress::parse(text).value();
}

void expect_usage_error(std::initializer_list<const char*> arguments, std::string_view about) {
  const auto result = read(arguments);
  ASSERT_FALSE(result) << about;
  EXPECT_EQ(result.error().code, Exit::kUsage);
  EXPECT_THAT(result.error().text, HasSubstr(about));
  EXPECT_THAT(result.error().text, Not(HasSubstr("\n"))) << "one line";
}

TEST(CommandLine, ServesOnThisMachineAloneWhenToldNothing) {
  const Config config = read({"serve"}).value();
  EXPECT_THAT(config.http.at, ElementsAre(at("127.0.0.1:8080"), at("[::1]:8080")));
  EXPECT_THAT(config.media.at, ElementsAre(at("0.0.0.0:7000"), at("[::]:7000")));
  EXPECT_FALSE(config.tls.enabled());
  EXPECT_FALSE(config.metrics.anyone);
  EXPECT_EQ(config.engineio.path, "/socket.io/");
  EXPECT_TRUE(config.engineio.per_message_deflate.enabled);
}

TEST(CommandLine, TakesRepeatedEndpointsInsteadOfTheDefaults) {
  const Config config =
      read({"serve", "--http", "0.0.0.0:80", "--http", "[::]:80", "--media", "192.0.2.1:9"})
          .value();
  EXPECT_THAT(config.http.at, ElementsAre(at("0.0.0.0:80"), at("[::]:80")));
  EXPECT_THAT(config.media.at, ElementsAre(at("192.0.2.1:9")));
  EXPECT_FALSE(config.http.is_default);
}

TEST(CommandLine, KnowsLocalhostAndAllAddressesByName) {
  const Config config = read({"serve", "--http", "localhost:81", "--media", "*:82"}).value();
  EXPECT_THAT(config.http.at, ElementsAre(at("127.0.0.1:81"), at("[::1]:81")));
  EXPECT_THAT(config.media.at, ElementsAre(at("0.0.0.0:82"), at("[::]:82")));
}

TEST(CommandLine, SplitsListsOfAddresses) {
  const Config config =
      read({"serve", "--announce", "203.0.113.1,2001:db8::1", "--metrics-allow", "192.0.2.7"})
          .value();
  EXPECT_THAT(config.announce, ElementsAre(IpAddress::parse("203.0.113.1").value(),
                                           IpAddress::parse("2001:db8::1").value()));
  EXPECT_THAT(config.metrics.addresses, ElementsAre(IpAddress::parse("192.0.2.7").value()));
}

TEST(CommandLine, ForcesTheFallbacksOfTheMediaPath) {
  const Config config = read({"serve", "--udp-offload", "off", "--srtp-cipher", "openssl"}).value();
  EXPECT_FALSE(config.media_sockets.send_offload);
  EXPECT_FALSE(config.media_sockets.receive_offload);
  EXPECT_FALSE(config.media_sockets.split_reports);
  EXPECT_EQ(config.worker.cipher, srtp::CipherChoice::kOpenssl);
  expect_usage_error({"serve", "--udp-offload", "maybe"}, "maybe");
  expect_usage_error({"serve", "--srtp-cipher", "rot13"}, "rot13");
}

TEST(CommandLine, ChangesLimits) {
  const Config config =
      read({"serve", "--limit", "participants-per-room=7", "--limit", "resume-seconds=1.5"})
          .value();
  EXPECT_EQ(config.conference.limits.participants_per_room, 7U);
  EXPECT_EQ(config.conference.resume_timeout, std::chrono::milliseconds(1500));
}

TEST(CommandLine, SaysAllOnHelpAndVersion) {
  for (const auto& asked : {std::vector{"--help"}, std::vector{"serve", "--help"}}) {
    std::vector<const char*> all = {"visavis"};
    all.insert(all.end(), asked.begin(), asked.end());
    const auto help = read_command_line(all);
    ASSERT_FALSE(help);
    EXPECT_EQ(help.error().code, Exit::kOk);
    for (const char* const said : {"--http", "--tls-cert", "--announce", "--config", "8080"}) {
      EXPECT_THAT(help.error().text, HasSubstr(said));
    }
  }
  EXPECT_THAT(read({"--help"}).error().text, HasSubstr("participants-per-room"));
  const auto version = read({"--version"});
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error().code, Exit::kOk);
  EXPECT_EQ(version.error().text, "visavis " VISAVIS_VERSION "\n");
}

TEST(CommandLine, RefusesWhatItDoesNotUnderstandInOneLine) {
  expect_usage_error({}, "subcommand");
  expect_usage_error({"serve", "--bogus"}, "--bogus");
  expect_usage_error({"serve", "--http"}, "--http");
  expect_usage_error({"serve", "--http", "8080"}, "HOST:PORT");
  expect_usage_error({"serve", "--http", "1.2.3.4:80", "5.6.7.8:80"}, "5.6.7.8:80");
  expect_usage_error({"serve", "--media", "example.org:7000"}, "example.org:7000");
  expect_usage_error({"serve", "--announce", "0.0.0.0"}, "0.0.0.0");
  expect_usage_error({"serve", "--tls", "yes"}, "self-signed");
  expect_usage_error({"serve", "--tls", "self-signed", "--tls", "self-signed"}, "--tls");
  expect_usage_error({"serve", "--tls-cert", "x"}, "tls-key");
  expect_usage_error({"serve", "--tls", "self-signed", "--tls-cert", "x", "--tls-key", "y"},
                     "either");
  expect_usage_error({"serve", "--log-level", "loud"}, "loud");
  expect_usage_error({"serve", "--accept-codec", "h265"}, "h265");
  expect_usage_error({"serve", "--limit", "rooms"}, "NAME=NUMBER");
  expect_usage_error({"serve", "--limit", "rooms=many"}, "NAME=NUMBER");
  expect_usage_error({"serve", "--limit", "rooms=0"}, "rooms");
  expect_usage_error({"serve", "--limit", "rooms=nan"}, "rooms");
  expect_usage_error({"serve", "--limit", "tables=4"}, "tables");
}

TEST(CommandLine, WinsOverTheFile) {
  const TestDirectory directory;
  const std::string file =
      directory.put("v.toml", "http = \"127.0.0.1:1\"\nmedia = \"127.0.0.1:2\"\n");
  const Config config = read({"serve", "--config", file.c_str(), "--http", "127.0.0.1:3"}).value();
  EXPECT_THAT(config.http.at, ElementsAre(at("127.0.0.1:3")));
  EXPECT_THAT(config.media.at, ElementsAre(at("127.0.0.1:2")));
}

TEST(CommandLine, FailsOnAFileThatCannotBeRead) {
  const auto result = read({"serve", "--config", "/nonexistent/visavis.toml"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Exit::kFailure);
  EXPECT_THAT(result.error().text, HasSubstr("/nonexistent/visavis.toml"));
}

}  // namespace
}  // namespace visavis::app
