#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engineio/test_server.hpp"

namespace visavis::engineio {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using websocket::Opcode;
using Frames = std::vector<std::string>;

class WebSocketTest : public testing::Test {
 protected:
  /// An open socket whose open packet was read.
  http::ConnectionId open() {
    const http::ConnectionId id = test_.open_socket();
    test_.frames(id);
    test_.take_log();
    return id;
  }

  TestServer test_;
};

TEST_F(WebSocketTest, TheOpenPacketComesFirstAndOffersNoUpgrade) {
  const http::ConnectionId id = test_.open_socket();
  const Frames frames = test_.frames(id);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0], R"(0{"sid":")" + TestServer::sid_of(frames[0]) +
                           R"(","upgrades":[],"pingInterval":300,"pingTimeout":200,)"
                           R"("maxPayload":1000000})");
  EXPECT_EQ(test_.take_log(), "open websocket");
}

TEST_F(WebSocketTest, TheAnswerIsAHandshake) {
  const Answer answer =
      test_.request("GET", "EIO=4&transport=websocket", {}, TestServer::upgrade_fields());
  EXPECT_EQ(answer.status, 101U);
  EXPECT_THAT(answer.head,
              AllOf(HasSubstr("Upgrade: websocket\r\n"), HasSubstr("Connection: Upgrade\r\n"),
                    HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
                    Not(HasSubstr("Sec-WebSocket-Extensions")), Not(HasSubstr("Content-Length"))));
}

TEST_F(WebSocketTest, RequestsThatAskForNoUpgradeAreBadAndTheSessionGoesOn) {
  const http::ConnectionId id = test_.open_socket();
  const std::string sid = TestServer::sid_of(test_.frames(id).at(0));
  const Answer bad{400, {}, R"({"code":3,"message":"Bad request"})"};
  for (const std::string_view method : {"GET", "POST", "PUT"}) {
    EXPECT_EQ(test_.request(method, "EIO=4&transport=websocket&sid=" + sid, "4a"), bad) << method;
  }
  test_.say(id, "4still");
  EXPECT_EQ(test_.frames(id), Frames{"4still"});
  EXPECT_EQ(test_.take_log(), "open websocket");
  EXPECT_EQ(test_.server().counters().bad_requests, 3U);
}

TEST_F(WebSocketTest, BadUpgradesGetAPlainMessageAndAreClosed) {
  const std::string fields = TestServer::upgrade_fields();
  const auto refused = [&](std::string_view query, std::string_view with) {
    const http::ConnectionId id = test_.begin("GET", query, {}, with);
    EXPECT_TRUE(test_.host().closed(id)) << query;
    Answer answer = test_.answer(id);
    EXPECT_THAT(answer.head, HasSubstr("Content-Type: text/html\r\n"));
    return answer;
  };
  EXPECT_EQ(refused("transport=websocket", fields),
            (Answer{400, {}, "Unsupported protocol version"}));
  EXPECT_EQ(refused("EIO=3&transport=websocket", fields),
            (Answer{400, {}, "Unsupported protocol version"}));
  EXPECT_EQ(refused("EIO=4", fields), (Answer{400, {}, "Transport unknown"}));
  EXPECT_EQ(refused("EIO=4&transport=abc", fields), (Answer{400, {}, "Transport unknown"}));
  EXPECT_EQ(refused("EIO=4&transport=polling", fields), (Answer{400, {}, "Bad request"}));
  EXPECT_EQ(refused("EIO=4&transport=websocket&sid=unknown", fields),
            (Answer{400, {}, "Session ID unknown"}));
  EXPECT_EQ(refused("EIO=4&transport=websocket", "Connection: Upgrade\r\nUpgrade: websocket\r\n"),
            (Answer{400, {}, "Missing or invalid Sec-WebSocket-Key header"}));
  EXPECT_EQ(refused("EIO=4&transport=websocket",
                    "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n"),
            (Answer{400, {}, "Missing or invalid Sec-WebSocket-Version header"}));
  EXPECT_EQ(test_.server().sessions(), 0U);
}

TEST_F(WebSocketTest, MessagesAreEchoedInTheirKind) {
  const http::ConnectionId id = open();
  test_.say(id, "4hello");
  test_.send_frame(id, Opcode::kBinary, "\x01\x02");
  test_.say(id, "bAQI=");
  test_.say(id, "4");
  test_.send_frame(id, Opcode::kBinary, "");
  EXPECT_EQ(test_.frames(id), (Frames{"4hello", "B\x01\x02", "B\x01\x02", "4", "B"}));
}

TEST_F(WebSocketTest, FramesBehindTheHandshakeAreReadAfterTheOpening) {
  const websocket::Mask mask = {};
  const Buffer frame = encode_masked_frame(Opcode::kText, as_bytes("4early"), mask);
  const http::ConnectionId id = test_.host().open(test_.now);
  test_.host().send(test_.now, id,
                    "GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: h\r\n" +
                        TestServer::upgrade_fields() + "\r\n" + std::string(as_text(frame)));
  EXPECT_THAT(test_.host().take(id), HasSubstr("4early"));
}

TEST_F(WebSocketTest, UnaskedPacketsAreTolerated) {
  const http::ConnectionId id = open();
  for (const char* packet : {"0", "3", "5", "6"}) {
    test_.say(id, packet);
  }
  test_.say(id, "4still");
  EXPECT_EQ(test_.frames(id), Frames{"4still"});
}

TEST_F(WebSocketTest, WhatIsNoPacketClosesWithoutACode) {
  for (const char* packet : {"abc", "", "7", "b$"}) {
    const http::ConnectionId id = open();
    test_.say(id, packet);
    EXPECT_EQ(test_.frames(id), Frames{"C"}) << packet;
    EXPECT_EQ(test_.take_log(), "close parse error");
  }
}

TEST_F(WebSocketTest, APingPacketFromTheClientClosesIt) {
  const http::ConnectionId id = open();
  test_.say(id, "2");
  EXPECT_EQ(test_.frames(id), Frames{"C"});
  EXPECT_EQ(test_.take_log(), "close transport error");
}

TEST_F(WebSocketTest, AClosePacketClosesIt) {
  const http::ConnectionId id = open();
  test_.say(id, "1");
  EXPECT_EQ(test_.frames(id), Frames{"C"});
  EXPECT_EQ(test_.take_log(), "close transport close");
}

TEST_F(WebSocketTest, BrokenFramesCloseWithTheirCode) {
  const auto code_after = [&](unsigned first, std::string_view payload) {
    const http::ConnectionId id = open();
    Buffer frame = encode_masked_frame(Opcode::kText, as_bytes(payload), {});
    frame[0] = static_cast<std::byte>(first);
    test_.host().send(test_.now, id, Bytes(frame));
    EXPECT_EQ(test_.take_log(), "close transport error");
    return test_.frames(id);
  };
  EXPECT_EQ(code_after(0x83, ""), Frames{"C1002"});
  EXPECT_EQ(code_after(0xC1, "compressed, not agreed on"), Frames{"C1002"});
  EXPECT_EQ(code_after(0x81, "4\xFF"), Frames{"C1007"});
  EXPECT_EQ(code_after(0x81, std::string(1'000'001, '4')), Frames{"C1009"});
  // Of 2^31 and of 2^63 bytes, from the header alone; the latter is no length (RFC 6455 §5.2).
  const auto code_after_length = [&](unsigned highest, unsigned lowest) {
    const http::ConnectionId id = open();
    Buffer frame(14);
    frame[0] = std::byte{0x81};
    frame[1] = std::byte{0x80 | 127};
    frame[2] = static_cast<std::byte>(highest);
    frame[6] = static_cast<std::byte>(lowest);
    test_.host().send(test_.now, id, Bytes(frame));
    test_.take_log();
    return test_.frames(id);
  };
  EXPECT_EQ(code_after_length(0, 0x80), Frames{"C1009"});
  EXPECT_EQ(code_after_length(0x80, 0), Frames{"C1002"});
  EXPECT_EQ(test_.server().counters().too_big, 2U);
  EXPECT_EQ(test_.server().counters().parse_errors, 4U);
}

TEST_F(WebSocketTest, AReasonToCloseThatIsNoUtf8Is1007AndCounted) {
  const http::ConnectionId id = open();
  test_.send_frame(id, Opcode::kClose, "\x03\xE8\xFF");
  EXPECT_EQ(test_.frames(id), Frames{"C1007"});
  EXPECT_EQ(test_.server().counters().parse_errors, 1U);
}

TEST_F(WebSocketTest, AfterABrokenFrameNothingIsReadAndTheConnectionEnds) {
  const http::ConnectionId id = open();
  test_.send_frame(id, static_cast<Opcode>(3), "");
  test_.frames(id);
  test_.say(id, "4a");
  EXPECT_EQ(test_.frames(id), Frames{});
  EXPECT_FALSE(test_.host().closed(id));
  test_.sleep(milliseconds(3000));
  EXPECT_TRUE(test_.host().closed(id));
}

TEST_F(WebSocketTest, TheClientsCloseFrameIsEchoedAndTheConnectionGoes) {
  const http::ConnectionId id = open();
  test_.send_frame(id, Opcode::kClose,
                   "\x0F\xA1"
                   "bye");
  EXPECT_EQ(test_.frames(id), Frames{"C4001"});
  EXPECT_TRUE(test_.host().closed(id));
  EXPECT_EQ(test_.take_log(), "close transport close");
  const http::ConnectionId other = open();
  test_.send_frame(other, Opcode::kClose, "");
  EXPECT_EQ(test_.frames(other), Frames{"C"});
}

TEST_F(WebSocketTest, TheOwnersCloseWaitsForTheClientsCloseFrame) {
  const http::ConnectionId id = open();
  test_.server().send(test_.now, test_.sessions[0], text_message("last"));
  test_.server().close(test_.now, test_.sessions[0], CloseReason::kForcedClose);
  test_.host().settle(test_.now);
  EXPECT_EQ(test_.frames(id), (Frames{"4last", "C"}));
  EXPECT_EQ(test_.take_log(), "close forced close");
  test_.say(id, "4too late");
  EXPECT_FALSE(test_.host().closed(id));
  test_.send_frame(id, Opcode::kClose, "");
  EXPECT_TRUE(test_.host().closed(id));
  EXPECT_EQ(test_.take_log(), "");
}

TEST_F(WebSocketTest, ASlowReaderHasHalfAMinuteForWhatWasSentBeforeTheClose) {
  const auto seconds_until_the_end = [&](bool reads) {
    const http::ConnectionId id = open();
    test_.host().hold_up(id);
    test_.server().send(test_.now, test_.sessions.back(), text_message(std::string(1000, 'x')));
    test_.server().close(test_.now, test_.sessions.back(), CloseReason::kForcedClose);
    test_.host().settle(test_.now);
    int seconds = 0;
    for (; seconds < 100 && !test_.host().closed(id); ++seconds) {
      test_.sleep(milliseconds(1000));
      if (reads && !test_.host().closed(id)) {
        test_.http().handle_sent(test_.now, id, 10);
      }
    }
    return seconds;
  };
  EXPECT_EQ(seconds_until_the_end(false), 3);
  EXPECT_EQ(seconds_until_the_end(true), 30);
}

TEST_F(WebSocketTest, ALostConnectionIsATransportClose) {
  const http::ConnectionId id = open();
  test_.host().close(test_.now, id);
  EXPECT_EQ(test_.take_log(), "close transport close");
  EXPECT_EQ(test_.server().sessions(), 0U);
  const http::ConnectionId other = open();
  test_.host().finish(test_.now, other);
  EXPECT_EQ(test_.take_log(), "close transport close");
}

TEST_F(WebSocketTest, PingFramesArePonged) {
  const http::ConnectionId id = open();
  test_.send_frame(id, Opcode::kPing, "p");
  EXPECT_EQ(test_.host().take(id), "\x8A\x01p");
  test_.send_frame(id, Opcode::kPong, "p");
  EXPECT_EQ(test_.host().take(id), "");
}

TEST_F(WebSocketTest, ABroadcastSharesOneFrame) {
  const http::ConnectionId first = open();
  const http::ConnectionId second = open();
  const SharedMessage message = text_message("to all");
  const auto before = message->frame().use_count();
  for (const SessionHandle session : test_.sessions) {
    test_.server().send(test_.now, session, message);
  }
  EXPECT_EQ(message->frame().use_count(), before + 2);
  test_.host().settle(test_.now);
  EXPECT_EQ(test_.frames(first), Frames{"4to all"});
  EXPECT_EQ(test_.frames(second), Frames{"4to all"});
}

TEST_F(WebSocketTest, IsWritableUntilSomethingIsUnsent) {
  const http::ConnectionId id = open();
  const SessionHandle session = test_.sessions[0];
  EXPECT_TRUE(test_.server().writable(session));
  test_.host().hold_up(id);
  test_.server().send(test_.now, session, text_message("a"));
  EXPECT_FALSE(test_.server().writable(session));
  test_.server().send(test_.now, session, text_message("b"), {.volatile_message = true});
  EXPECT_EQ(test_.server().buffered_bytes(session), 4U);
  test_.host().settle(test_.now);
  const int drained = test_.drained;
  test_.host().let_go(test_.now, id);
  EXPECT_EQ(test_.drained, drained + 1);
  EXPECT_TRUE(test_.server().writable(session));
  EXPECT_EQ(test_.frames(id), Frames{"4a"});
}

TEST_F(WebSocketTest, AClientThatDoesNotReadIsDroppedAtTheHighWaterMark) {
  Options options = TestServer::quick_options();
  options.buffered_bytes_max = 1000;
  TestServer test(options);
  const http::ConnectionId id = test.open_socket();
  test.take_log();
  test.host().hold_up(id);
  const SharedMessage message = text_message(std::string(600, 'x'));
  test.server().send(test.now, test.sessions[0], message);
  test.server().send(test.now, test.sessions[0], message);
  test.server().send(test.now, test.sessions[0], message);
  EXPECT_EQ(test.server().next_timeout(), test.now);
  test.sleep(Duration::zero());
  EXPECT_EQ(test.take_log(), "close transport error");
  EXPECT_TRUE(test.host().peer(id).at_once);
  EXPECT_EQ(test.server().counters().overflows, 1U);
}

class DeflatedTest : public testing::Test {
 protected:
  DeflatedTest() {
    Options options = TestServer::quick_options();
    options.per_message_deflate.enabled = true;
    test_ = std::make_unique<TestServer>(options);
  }

  std::unique_ptr<TestServer> test_;
  std::string offer_ = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
};

TEST_F(DeflatedTest, IsAgreedOnWithoutContextTakeover) {
  EXPECT_THAT(
      test_->request("GET", "EIO=4&transport=websocket", {}, TestServer::upgrade_fields() + offer_)
          .head,
      HasSubstr("Sec-WebSocket-Extensions: permessage-deflate; "
                "server_no_context_takeover; client_no_context_takeover\r\n"));
  EXPECT_THAT(
      test_->request("GET", "EIO=4&transport=websocket", {}, TestServer::upgrade_fields()).head,
      Not(HasSubstr("Sec-WebSocket-Extensions")));
}

TEST_F(DeflatedTest, OnlyMessagesAboveTheThresholdAreCompressed) {
  const http::ConnectionId id = test_->open_socket({}, offer_);
  test_->frames(id);
  test_->server().send(test_->now, test_->sessions[0], text_message(std::string(1022, 'a')));
  test_->server().send(test_->now, test_->sessions[0], text_message(std::string(1023, 'a')));
  test_->server().send(test_->now, test_->sessions[0], text_message(std::string(5000, 'a')),
                       {.compress = false});
  test_->host().settle(test_->now);
  EXPECT_EQ(test_->server().counters().deflated, 1U);
  EXPECT_EQ(test_->frames(id), (Frames{"4" + std::string(1022, 'a'), "4" + std::string(1023, 'a'),
                                       "4" + std::string(5000, 'a')}));
}

TEST_F(DeflatedTest, ABroadcastIsCompressedOnceAndOnlyForThoseWhoAgreed) {
  const http::ConnectionId first = test_->open_socket({}, offer_);
  const http::ConnectionId second = test_->open_socket({}, offer_);
  const http::ConnectionId plain = test_->open_socket();
  for (const http::ConnectionId id : {first, second, plain}) {
    test_->frames(id);
  }
  const SharedMessage message = text_message(std::string(5000, 'a'));
  for (const SessionHandle session : test_->sessions) {
    test_->server().send(test_->now, session, message);
  }
  test_->host().settle(test_->now);
  EXPECT_EQ(test_->server().counters().deflated, 1U);
  EXPECT_GT(test_->host().peer(plain).received.size(), 5000U);
  EXPECT_LT(test_->host().peer(first).received.size(), 200U);
  EXPECT_EQ(test_->frames(second), Frames{"4" + std::string(5000, 'a')});
}

TEST_F(DeflatedTest, CompressedMessagesComeInAndBombsDoNot) {
  const http::ConnectionId id = test_->open_socket({}, offer_);
  test_->frames(id);
  websocket::Deflater deflater;
  const Buffer hello = deflater.compress(as_bytes("4hello"));
  test_->send_frame(id, Opcode::kText, as_text(hello), true);
  EXPECT_EQ(test_->frames(id), Frames{"4hello"});
  const Buffer bomb = deflater.compress(Buffer(10'000'000, std::byte{'4'}));
  test_->send_frame(id, Opcode::kText, as_text(bomb), true);
  EXPECT_EQ(test_->frames(id), Frames{"C1009"});
  EXPECT_EQ(test_->server().counters().too_big, 1U);
}

}  // namespace
}  // namespace visavis::engineio
