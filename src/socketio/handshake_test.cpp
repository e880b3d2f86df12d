#include "socketio/handshake.hpp"

#include <gtest/gtest.h>

#include <string>

#include "http/headers.hpp"
#include "socketio/test_bed.hpp"

namespace visavis::socketio {
namespace {

TEST(Handshake, HasAllThatNodesHas) {
  Options options;
  options.wall_clock_zero = json::Date(std::chrono::milliseconds(1795378530250));
  TestBed bed(options);
  std::string text;
  bed.io().on_connection([&](Socket& socket) {
    const Handshake& handshake = socket.handshake();
    EXPECT_EQ(handshake.address().ip.to_string(), "127.0.0.1");
    EXPECT_FALSE(handshake.secure());
    EXPECT_TRUE(handshake.cross_domain());
    EXPECT_EQ(socket.transport(), "websocket");
    EXPECT_EQ(handshake.query_value("a b"), "c&d");
    EXPECT_EQ(handshake.query_value("twice"), "2");
    EXPECT_FALSE(handshake.query_value("thrice"));
    EXPECT_EQ(handshake.headers().find("origin"), "http://example.org");
    EXPECT_EQ(handshake.auth()["token"].as_string(), "t");
    text = handshake.to_json().text;
  });
  TestBed::Client& client = bed.open("&a+b=c%26d&twice=1&twice=2",
                                     "X-Two: a\r\nx-two: b\r\nCookie: k=v\r\ncookie: l=w\r\n");
  client.send(R"(40{"token":"t"})");
  const json::Value json = json::parse(text).value();
  EXPECT_EQ(json["headers"]["x-two"].as_string(), "a, b");
  EXPECT_EQ(json["headers"]["cookie"].as_string(), "k=v; l=w");
  EXPECT_EQ(json["time"].as_string(),
            "Sun Nov 22 2026 20:15:31 GMT+0000 (Coordinated Universal Time)");
  EXPECT_EQ(json["issued"].as_integer(), 1795378531250);
  EXPECT_EQ(json["address"].as_string(), "127.0.0.1");
  EXPECT_TRUE(json["xdomain"].as_bool());
  EXPECT_TRUE(json["secure"].is_bool());
  EXPECT_TRUE(json["url"].as_string().starts_with("/socket.io/?EIO=4&transport=websocket"));
  EXPECT_EQ(json["query"]["a b"].as_string(), "c&d");
  EXPECT_EQ(json["query"]["twice"].as_string(), "2");
  EXPECT_EQ(json["auth"]["token"].as_string(), "t");
}

}  // namespace
}  // namespace visavis::socketio
