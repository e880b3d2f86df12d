#include "engineio/revision3.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/utf8.hpp"
#include "engineio/test_server.hpp"

namespace visavis::engineio {
namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

// What engine.io 6.6's own codec of revision 3 writes for the messages "hello", "€😀", the bytes 1
// 2 255, and a noop.
const std::string kBytes =
    "\x00\x06\xFF"
    "4hello\x00\x08\xFF"
    "4€😀\x01\x04\xFF\x04\x01\x02\xFF\x00\x01\xFF"
    "6"s;
const std::string kText = "6:4hello4:4€😀6:b4AQL/1:6";

std::vector<std::string> packets_of(std::string_view payload, bool binary) {
  Revision3Walk walk(as_bytes(payload), binary);
  std::vector<std::string> packets;
  while (const auto packet = walk.next()) {
    packets.push_back((packet->binary ? "B" : "") + std::string(as_text(packet->bytes)));
  }
  if (walk.failed()) {
    packets.emplace_back("failed");
  }
  return packets;
}

TEST(Revision3WalkTest, ReadsWhatNodesServerWrites) {
  EXPECT_THAT(packets_of(kText, false), ElementsAre("4hello", "4€😀", "b4AQL/", "6"));
  EXPECT_THAT(packets_of(kBytes, true), ElementsAre("4hello", "4€😀", "B\x04\x01\x02\xFF", "6"));
}

TEST(Revision3WalkTest, EveryTruncationFailsOrEndsBetweenPackets) {
  for (const bool binary : {false, true}) {
    const std::string& whole = binary ? kBytes : kText;
    std::size_t between = 0;
    for (std::size_t size = 1; size < whole.size(); ++size) {
      const std::string part = whole.substr(0, size);
      if (!binary && !is_utf8(as_bytes(part))) {
        continue;  // refused before
      }
      const auto packets = packets_of(part, binary);
      between += packets.back() == "failed" ? 0U : 1U;
    }
    EXPECT_EQ(between, 3U);
  }
}

TEST(Revision3WalkTest, RefusesLengthsThatAreNone) {
  for (const std::string_view bad :
       {":4a", "x:4a", "-1:4a", "1", "12", "1000000000:4", "2:4", "2:4😀"}) {
    EXPECT_THAT(packets_of(bad, false).back(), "failed") << bad;
  }
  EXPECT_THAT(packets_of("\x00\xFF"
                         "4"s,
                         true)
                  .back(),
              "failed");
  EXPECT_THAT(packets_of("\x02\x01\xFF"
                         "4"s,
                         true)
                  .back(),
              "failed");
  EXPECT_THAT(packets_of("\x00\x0A\xFF"
                         "4"s,
                         true)
                  .back(),
              "failed");
  EXPECT_THAT(packets_of("\x00" + std::string(20, '\x09') +
                             "\xFF"
                             "4",
                         true)
                  .back(),
              "failed");
}

class Revision3Test : public testing::Test {
 protected:
  static Options options() {
    Options options = TestServer::quick_options();
    options.allow_eio3 = true;
    return options;
  }
  static std::string query(std::string_view sid = {}, std::string_view more = {}) {
    return "EIO=3&transport=polling" + std::string(more) +
           (sid.empty() ? "" : "&sid=" + std::string(sid));
  }
  std::string open(std::string_view more = {}) {
    return TestServer::sid_of(test_.request("GET", query({}, more)).body);
  }
  Answer post(const std::string& sid, std::string_view body, bool binary = false) {
    return test_.request("POST", query(sid), body,
                         binary ? "Content-Type: application/octet-stream\r\n" : "");
  }

  TestServer test_{options()};
};

TEST_F(Revision3Test, IsRefusedUnlessItIsAllowed) {
  TestServer strict;
  EXPECT_EQ(strict.request("GET", query()),
            (Answer{400, {}, R"({"code":5,"message":"Unsupported protocol version"})"}));
  EXPECT_EQ(test_.request("GET", query()).status, 200U);
  EXPECT_EQ(test_.request("GET", "EIO=4&transport=polling").status, 200U);
  EXPECT_EQ(test_.request("GET", "EIO=2&transport=polling").status, 400U);
}

TEST_F(Revision3Test, JsonpIsRefusedInSoManyWords) {
  EXPECT_EQ(test_.request("GET", query({}, "&j=0")),
            (Answer{400, {}, R"({"code":3,"message":"JSONP polling is not supported"})"}));
}

TEST_F(Revision3Test, TheOpenPacketBearsItsLength) {
  const Answer answer = test_.request("GET", query());
  EXPECT_EQ(answer.body.substr(0, answer.body.find(':')), std::to_string(answer.body.size() - 4));
  EXPECT_THAT(answer.body, HasSubstr(R"(:0{"sid":")"));
}

TEST_F(Revision3Test, PayloadsOfTextAndOfBytesAreEchoed) {
  const std::string sid = open();
  EXPECT_EQ(post(sid, kText), ok("ok"));
  const Answer bytes = test_.request("GET", query(sid));
  EXPECT_EQ(bytes.body, kBytes.substr(0, kBytes.size() - 4));
  EXPECT_THAT(bytes.head, HasSubstr("Content-Type: application/octet-stream\r\n"));
  EXPECT_EQ(post(sid, kBytes, true), ok("ok"));
  EXPECT_EQ(test_.request("GET", query(sid)).body, kBytes.substr(0, kBytes.size() - 4));
}

TEST_F(Revision3Test, AClientThatTakesNoBytesGetsBase64) {
  const std::string sid = open("&b64=1");
  EXPECT_EQ(post(sid, kText), ok("ok"));
  const Answer text = test_.request("GET", query(sid));
  EXPECT_EQ(text.body, kText.substr(0, kText.size() - 3));
  EXPECT_THAT(text.head, HasSubstr("Content-Type: text/plain; charset=UTF-8\r\n"));
}

TEST_F(Revision3Test, TheClientPingsAndIsPonged) {
  const std::string sid = open();
  for (int i = 0; i < 10; ++i) {
    test_.sleep(milliseconds(450));
    EXPECT_EQ(post(sid, "1:2"), ok("ok"));
    EXPECT_EQ(test_.request("GET", query(sid)), ok("1:3"));
  }
  test_.take_log();
  test_.sleep(milliseconds(499));
  EXPECT_EQ(test_.take_log(), "");
  test_.sleep(milliseconds(1));
  EXPECT_EQ(test_.take_log(), "close ping timeout");
}

TEST_F(Revision3Test, PongsThatTheClientDoesNotFetchAreOne) {
  const std::string sid = open();
  std::string pings;
  for (int i = 0; i < 1000; ++i) {
    pings += "1:2";
  }
  EXPECT_EQ(post(sid, pings), ok("ok"));
  EXPECT_EQ(test_.server().buffered_bytes(test_.sessions.back()), 2U);
  EXPECT_EQ(test_.request("GET", query(sid)), ok("1:3"));
  EXPECT_EQ(post(sid, "6:4hello1:2"), ok("ok"));
  EXPECT_EQ(test_.request("GET", query(sid)), ok("6:4hello1:3"));
}

TEST_F(Revision3Test, APongFromTheClientEndsTheSession) {
  EXPECT_EQ(post(open(), "1:3").status, 400U);
  EXPECT_EQ(test_.server().sessions(), 0U);
}

TEST_F(Revision3Test, WhatIsNoPayloadEndsTheSession) {
  for (const std::string bad :
       {"", "4hello", "1:8", "1:", "5:4\xFF\xFF\xFF\xFF", "3:b9A", "6:4hello3"}) {
    EXPECT_EQ(post(open(), bad).status, 400U) << bad;
  }
  EXPECT_EQ(post(open(), "\x01\x01\xFF\x07"s, true).status, 400U);
  EXPECT_EQ(post(open(),
                 "\x00\x02\xFF"
                 "4\xFF"s,
                 true)
                .status,
            400U);
  EXPECT_EQ(test_.server().sessions(), 0U);
  EXPECT_EQ(test_.server().counters().parse_errors, 9U);
}

TEST_F(Revision3Test, TheClientsCloseIsAnsweredWithANoop) {
  const std::string sid = open();
  const http::ConnectionId parked = test_.begin("GET", query(sid));
  EXPECT_EQ(post(sid, "1:1"), ok("ok"));
  EXPECT_EQ(test_.answer(parked), ok("1:6"));
}

TEST_F(Revision3Test, ASessionKeepsItsRevision) {
  const std::string sid = open();
  EXPECT_EQ(test_.request("GET", "EIO=4&transport=polling&sid=" + sid).status, 400U);
  EXPECT_EQ(test_.request("GET", TestServer::polling(test_.open_polling())).status, 0U);
}

TEST_F(Revision3Test, FramesOfBytesBearTheirTypeAndAnUpgradeGoesAsEver) {
  const std::string sid = open();
  const http::ConnectionId parked = test_.begin("GET", query(sid));
  const http::ConnectionId socket = test_.host().open(test_.now);
  test_.host().send(test_.now, socket,
                    "GET /engine.io/?EIO=3&transport=websocket&sid=" + sid +
                        " HTTP/1.1\r\nHost: h\r\n" + TestServer::upgrade_fields() + "\r\n");
  EXPECT_THAT(test_.host().take(socket), HasSubstr("HTTP/1.1 101"));
  test_.say(socket, "2probe");
  EXPECT_EQ(test_.answer(parked), ok("1:6"));
  test_.say(socket, "5");
  EXPECT_THAT(test_.frames(socket), ElementsAre("3probe"));
  test_.say(socket, "4text");
  test_.send_frame(socket, websocket::Opcode::kBinary, "\x04\x01\x02");
  test_.say(socket, "b4AQI=");
  test_.say(socket, "2");
  EXPECT_THAT(test_.frames(socket), ElementsAre("4text", "B\x04\x01\x02", "B\x04\x01\x02", "3"));
  test_.send_frame(socket, websocket::Opcode::kBinary, "\x07");
  EXPECT_THAT(test_.frames(socket), ElementsAre("C"));
}

}  // namespace
}  // namespace visavis::engineio
