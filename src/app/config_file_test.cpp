#include "app/config_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace visavis::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

Config applied(std::string_view text) {
  Config config;
  const auto result = apply_config_text(config, text, "v.toml");
  EXPECT_TRUE(result) << result.error().text;
  return config;
}

std::string error_of(std::string_view text) {
  Config config;
  const auto result = apply_config_text(config, text, "v.toml");
  return result ? "" : result.error().text;
}

TEST(ConfigFile, KnowsTheNamesOfTheCommandLine) {
  const Config config = applied(R"(
http = ["0.0.0.0:8443", "[::]:8443"]
media = "0.0.0.0:7001"
announce = ["203.0.113.1", "2001:db8::1"]
tls = "self-signed"
web = "/srv/page"
metrics-allow = "any"
log-level = "warning"
accept-codec = ["vp9"]
)");
  EXPECT_THAT(config.http.at, SizeIs(2));
  EXPECT_THAT(config.media.at, SizeIs(1));
  EXPECT_THAT(config.announce, SizeIs(2));
  EXPECT_TRUE(config.tls.self_signed);
  EXPECT_EQ(config.web, "/srv/page");
  EXPECT_TRUE(config.metrics.anyone);
  EXPECT_EQ(config.log_level, LogLevel::kWarning);
  EXPECT_TRUE(config.conference.accept_vp9);
}

TEST(ConfigFile, HasAPlaceForEachLimitOfTheCallProtocol) {
  const Config config = applied(R"(
[limits]
name-characters = 1
metadata-bytes = 2
message-bytes = 3
messages-per-second = 4.5
offer-bytes = 5
streams-per-participant = 6
participants-per-room = 7
rooms = 8
prepared-peers = 9
prepared-peers-per-address = 10
log-bytes-per-layer = 11
early-media-bytes = 12
)");
  const call::Limits& limits = config.conference.limits;
  EXPECT_EQ(limits.name_characters, 1U);
  EXPECT_EQ(limits.metadata_bytes, 2U);
  EXPECT_EQ(limits.message_bytes, 3U);
  EXPECT_EQ(limits.messages_per_second, 4.5);
  EXPECT_EQ(limits.offer_bytes, 5U);
  EXPECT_EQ(limits.streams_per_participant, 6U);
  EXPECT_EQ(limits.participants_per_room, 7U);
  EXPECT_EQ(limits.rooms, 8U);
  EXPECT_EQ(config.conference.prepared_max, 9U);
  EXPECT_EQ(config.conference.prepared_per_address_max, 10U);
  EXPECT_EQ(config.worker.log_bytes_max, 11U);
  EXPECT_EQ(config.worker.early_media_bytes_max, 12U);
}

TEST(ConfigFile, TakesIceServersForTheClients) {
  const Config config = applied(R"(
[[ice-servers]]
urls = "stun:stun.example.org"
[[ice-servers]]
urls = ["turn:turn.example.org", "turns:turn.example.org"]
username = "u"
credential = "c"
)");
  const auto& servers = config.conference.ice_servers;
  ASSERT_THAT(servers, SizeIs(2));
  EXPECT_THAT(servers[0].urls, ElementsAre("stun:stun.example.org"));
  EXPECT_THAT(servers[1].urls, SizeIs(2));
  EXPECT_EQ(servers[1].username, "u");
  EXPECT_EQ(servers[1].credential, "c");
}

TEST(ConfigFile, SaysWhereAMistakeIs) {
  EXPECT_THAT(error_of("http = \n"), HasSubstr("v.toml:1:"));
  EXPECT_THAT(error_of("\nhttpd = \"127.0.0.1:1\"\n"), HasSubstr("v.toml:2: there is no setting"));
  EXPECT_THAT(error_of("http = 8080"), HasSubstr("a text or a list of texts"));
  EXPECT_THAT(error_of("http = []"), HasSubstr("a text or a list of texts"));
  EXPECT_THAT(error_of("web = [\"a\", \"b\"]"), HasSubstr("web is a text"));
  EXPECT_THAT(error_of("http = \"nowhere\""), HasSubstr("HOST:PORT"));
  EXPECT_THAT(error_of("limits = 4"), HasSubstr("[limits]"));
  EXPECT_THAT(error_of("[limits]\nrooms = \"x\""), HasSubstr("rooms"));
  EXPECT_THAT(error_of("[limits]\nrooms = true"), HasSubstr("rooms"));
  EXPECT_THAT(error_of("[limits]\ntables = 4"), HasSubstr("tables"));
  EXPECT_THAT(error_of("limit = \"rooms=4\""), HasSubstr("limit"));
  EXPECT_THAT(error_of("ice-servers = 4"), HasSubstr("ice-servers"));
  EXPECT_THAT(error_of("[[ice-servers]]\nusername = \"u\""), HasSubstr("urls"));
}

}  // namespace
}  // namespace visavis::app
