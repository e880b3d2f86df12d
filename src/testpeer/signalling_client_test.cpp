#include "testpeer/signalling_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "websocket/frame.hpp"
#include "websocket/handshake.hpp"

namespace visavis::testpeer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using State = SignallingClient::State;

/// The server's end, by hand.
class SignallingClientTest : public ::testing::Test {
 protected:
  std::string output() { return std::string(as_text(client.poll_output())); }
  /// The texts of the client's frames.
  std::vector<std::string> texts() {
    const Buffer bytes = client.poll_output();
    Bytes rest = bytes;
    std::vector<std::string> all;
    for (;;) {
      const auto message = reader.read(rest);
      if (!message || !*message) {
        EXPECT_TRUE(message.has_value());
        return all;
      }
      all.emplace_back(as_text((*message)->payload));
    }
  }
  void send(std::string_view text) {
    client.handle_bytes(now, *websocket::encode_frame(websocket::Opcode::kText, as_bytes(text)));
  }
  void upgrade() {
    client.start(now);
    const std::string request = output();
    const std::size_t at = request.find("Sec-WebSocket-Key: ") + 19;
    const std::string key = request.substr(at, request.find("\r\n", at) - at);
    client.handle_bytes(now, as_bytes("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: " +
                                      websocket::accept_key(key) + "\r\n\r\n"));
  }
  void connect() {
    upgrade();
    send(R"(0{"sid":"x","upgrades":[]})");
    EXPECT_THAT(texts(), ElementsAre("40/call,"));
    send(R"(40/call,{"sid":"y"})");
  }

  Instant now{};
  SignallingClient client{{}, Random(1)};
  websocket::MessageReader reader{websocket::Role::kServer, {}};
};

TEST_F(SignallingClientTest, AsksForTheUpgrade) {
  client.start(now);
  const std::string request = output();
  EXPECT_THAT(request, StartsWith("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("Upgrade: websocket\r\n"));
}

TEST_F(SignallingClientTest, ConnectsToItsNamespace) {
  connect();
  EXPECT_EQ(client.state(), State::kConnected);
}

TEST_F(SignallingClientTest, ReadsTheUpgradeInPieces) {
  client.start(now);
  static_cast<void>(output());
  client.handle_bytes(now, as_bytes("HTTP/1.1 1"));
  EXPECT_EQ(client.state(), State::kUpgrading);
  client.handle_bytes(now, as_bytes("01 x\r\nSec-WebSocket-Accept: wrong\r\n\r\n"));
  EXPECT_EQ(client.state(), State::kClosed);
}

TEST_F(SignallingClientTest, TellsWhyTheUpgradeWasRefused) {
  client.start(now);
  client.handle_bytes(now, as_bytes("HTTP/1.1 503 Service Unavailable\r\n\r\n"));
  EXPECT_EQ(client.failure(), "the upgrade was refused: HTTP/1.1 503 Service Unavailable");
}

TEST_F(SignallingClientTest, HearsTheAckOfItsRequest) {
  connect();
  std::string heard;
  client.request("join", json::Raw{R"({"room":"a"})"},
                 [&heard](Instant, const json::Value& ack) { heard = ack.raw(); });
  EXPECT_THAT(texts(), ElementsAre(R"(42/call,0["join",{"room":"a"}])"));
  send(R"(43/call,0[{"ok":true}])");
  EXPECT_EQ(heard, R"({"ok":true})");
  EXPECT_EQ(client.unanswered(), 0U);
}

TEST_F(SignallingClientTest, GivesEventsInTheirOrder) {
  connect();
  send(R"(42/call,["welcome",{"protocol":1}])");
  send(R"(42/call,["slots",{}])");
  const auto first = client.poll_event();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->name, "welcome");
  EXPECT_EQ(first->payload["protocol"].as_number(), 1);
  EXPECT_EQ(client.poll_event()->name, "slots");
  EXPECT_FALSE(client.poll_event());
}

TEST_F(SignallingClientTest, AnswersPings) {
  connect();
  send("2");
  EXPECT_THAT(texts(), ElementsAre("3"));
}

TEST_F(SignallingClientTest, ClosesOnWhatItDoesNotUnderstand) {
  for (const char* text : {"", "9", "4", "48/call,[]", "42/call,[", "43/call,7[]"}) {
    SignallingClientTest::client = SignallingClient({}, Random(1));
    connect();
    send(text);
    EXPECT_EQ(client.state(), State::kClosed) << text;
    EXPECT_FALSE(client.failure().empty());
  }
}

TEST_F(SignallingClientTest, NoticesThatTheServerWentAway) {
  connect();
  client.handle_closed();
  EXPECT_EQ(client.state(), State::kClosed);
}

}  // namespace
}  // namespace visavis::testpeer
