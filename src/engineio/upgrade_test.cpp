#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "engineio/test_server.hpp"

namespace visavis::engineio {
namespace {

using std::chrono::milliseconds;
using Frames = std::vector<std::string>;

const Answer kBadRequest{400, {}, R"({"code":3,"message":"Bad request"})"};
const Answer kSessionUnknown{400, {}, R"({"code":1,"message":"Session ID unknown"})"};

class UpgradeTest : public testing::Test {
 protected:
  UpgradeTest() : sid_(test_.open_polling()) { test_.take_log(); }

  static Options patient_options() {
    Options options;  // the heartbeat stays out of the way
    options.upgrade_timeout = milliseconds(10'000);
    return options;
  }

  TestServer test_{patient_options()};
  std::string sid_;
};

TEST_F(UpgradeTest, TheParkedPollIsAnsweredAtOnceAndTheSocketTakesOver) {
  const http::ConnectionId socket = test_.open_socket(sid_);
  const http::ConnectionId parked = test_.park(sid_);
  test_.say(socket, "2probe");
  EXPECT_EQ(test_.frames(socket), Frames{"3probe"});
  EXPECT_EQ(test_.answer(parked), ok("6"));
  EXPECT_EQ(test_.server().transport(test_.sessions[0]), "polling");
  test_.say(socket, "5");
  test_.say(socket, "4hello");
  EXPECT_EQ(test_.frames(socket), Frames{"4hello"});
  EXPECT_EQ(test_.server().transport(test_.sessions[0]), "websocket");
  EXPECT_EQ(test_.server().counters().upgraded, 1U);
  EXPECT_EQ(test_.take_log(), "");
}

TEST_F(UpgradeTest, EveryPollDuringTheProbeIsAnsweredAtOnce) {
  const http::ConnectionId socket = test_.open_socket(sid_);
  const http::ConnectionId parked = test_.park(sid_);
  EXPECT_EQ(test_.answer(parked).status, 0U);  // the probe has not come yet
  test_.say(socket, "2probe");
  EXPECT_EQ(test_.answer(parked), ok("6"));
  EXPECT_EQ(test_.poll(sid_), ok("6"));
  EXPECT_EQ(test_.poll(sid_), ok("6"));
}

TEST_F(UpgradeTest, WhatIsSentDuringTheProbeArrivesOnceAndInOrder) {
  const http::ConnectionId socket = test_.open_socket(sid_);
  test_.say(socket, "2probe");
  test_.frames(socket);
  test_.post(sid_,
             "4one\x1e"
             "bAQI=");
  EXPECT_EQ(test_.poll(sid_), ok("4one\x1e"
                                 "bAQI="));
  test_.post(sid_,
             "4two\x1e"
             "4three");
  test_.say(socket, "5");
  EXPECT_EQ(test_.frames(socket), (Frames{"4two", "4three"}));
}

TEST_F(UpgradeTest, AfterwardsPollingIsABadRequestAndASecondSocketIsClosed) {
  const http::ConnectionId socket = test_.open_socket(sid_);
  test_.say(socket, "2probe");
  test_.say(socket, "5");
  test_.frames(socket);
  EXPECT_EQ(test_.poll(sid_), kBadRequest);
  EXPECT_EQ(test_.post(sid_, "4a"), kBadRequest);
  const http::ConnectionId second = test_.open_socket(sid_);
  EXPECT_EQ(test_.frames(second), Frames{"C"});
  test_.say(socket, "4fine");
  EXPECT_EQ(test_.frames(socket), Frames{"4fine"});
}

TEST_F(UpgradeTest, ASecondProbeIsClosedWithoutHarmToTheFirst) {
  const http::ConnectionId first = test_.open_socket(sid_);
  const http::ConnectionId second = test_.open_socket(sid_);
  EXPECT_EQ(test_.frames(second), Frames{"C"});
  test_.host().close(test_.now, second);
  test_.say(first, "2probe");
  EXPECT_EQ(test_.frames(first), Frames{"3probe"});
}

TEST_F(UpgradeTest, APollParkedWhenTheSocketTakesOverIsAnswered) {
  const http::ConnectionId socket = test_.open_socket(sid_);
  const http::ConnectionId parked = test_.park(sid_);
  test_.say(socket, "5");
  EXPECT_EQ(test_.answer(parked), ok("6"));
  test_.host().close(test_.now, parked);
  EXPECT_EQ(test_.take_log(), "");
}

TEST_F(UpgradeTest, AWrongProbeIsClosedAndPollingGoesOn) {
  for (const char* packet : {"2", "4x", "3probe", "abc", "2probe2", ""}) {
    const http::ConnectionId socket = test_.open_socket(sid_);
    test_.say(socket, packet);
    EXPECT_EQ(test_.frames(socket), Frames{"C"}) << packet;
    test_.post(sid_, "4still");
    EXPECT_EQ(test_.poll(sid_), ok("4still"));
  }
  EXPECT_EQ(test_.server().counters().upgrades_failed, 6U);
}

TEST_F(UpgradeTest, ALostProbeLeavesThePollingSession) {
  const http::ConnectionId socket = test_.open_socket(sid_);
  test_.say(socket, "2probe");
  test_.host().close(test_.now, socket);
  const http::ConnectionId parked = test_.park(sid_);
  EXPECT_EQ(test_.answer(parked).status, 0U);
  test_.post(sid_, "4still");
  EXPECT_EQ(test_.answer(parked), ok("4still"));
  const http::ConnectionId again = test_.open_socket(sid_);
  test_.say(again, "2probe");
  EXPECT_EQ(test_.frames(again), Frames{"3probe"});
}

TEST_F(UpgradeTest, AProbeThatDoesNotCompleteIsClosedInTime) {
  const http::ConnectionId socket = test_.open_socket(sid_);
  test_.say(socket, "2probe");
  test_.frames(socket);
  test_.sleep(milliseconds(9999));
  EXPECT_EQ(test_.frames(socket), Frames{});
  test_.sleep(milliseconds(1));
  EXPECT_EQ(test_.frames(socket), Frames{"C"});
  EXPECT_EQ(test_.server().counters().upgrades_failed, 1U);
  EXPECT_EQ(test_.post(sid_, "4still"), ok("ok"));
}

TEST_F(UpgradeTest, TheProbeEndsWithItsSession) {
  const http::ConnectionId socket = test_.open_socket(sid_);
  test_.say(socket, "2probe");
  test_.frames(socket);
  test_.post(sid_, "1");
  EXPECT_EQ(test_.frames(socket), Frames{"C"});
  EXPECT_EQ(test_.poll(sid_), kSessionUnknown);
  test_.say(socket, "5");
  EXPECT_EQ(test_.server().sessions(), 0U);
}

TEST_F(UpgradeTest, AnOwnersCloseDuringTheProbeArrivesOnTheSocket) {
  const http::ConnectionId socket = test_.open_socket(sid_);
  test_.say(socket, "2probe");
  EXPECT_EQ(test_.poll(sid_), ok("6"));
  test_.server().send(test_.now, test_.sessions[0], text_message("last"));
  test_.server().close(test_.now, test_.sessions[0], CloseReason::kForcedClose);
  test_.say(socket, "5");
  EXPECT_EQ(test_.frames(socket), (Frames{"3probe", "4last", "C"}));
  EXPECT_EQ(test_.take_log(), "close forced close");
  EXPECT_EQ(test_.server().sessions(), 0U);
}

TEST_F(UpgradeTest, APostGivenUpAfterTheUpgradeHarmsNothing) {
  const http::ConnectionId post =
      test_.begin("POST", TestServer::polling(sid_), {}, "Content-Length: 10\r\n");
  const http::ConnectionId socket = test_.open_socket(sid_);
  test_.say(socket, "5");
  test_.host().close(test_.now, post);
  EXPECT_EQ(test_.take_log(), "");
}

TEST_F(UpgradeTest, AnotherRevisionMayNotProbe) {
  EXPECT_EQ(test_.request("GET", "EIO=3&transport=websocket&sid=" + sid_, {},
                          TestServer::upgrade_fields()),
            (Answer{400, {}, "Bad request"}));
}

/// Whatever clients do, nothing is left behind.
TEST(EngineChaosTest, RandomClientsLeaveNothingBehind) {
  TestServer test;
  Random random(2026);
  std::vector<std::string> sids = {"unknown"};
  std::vector<http::ConnectionId> connections;
  const std::vector<std::string> packets = {"4a",
                                            "3",
                                            "2probe",
                                            "5",
                                            "1",
                                            "2",
                                            "4b\x1e"
                                            "4c",
                                            "x"};
  const auto pick = [&](const auto& from) { return from[random.next() % from.size()]; };
  for (int step = 0; step < 5000; ++step) {
    switch (random.next() % 9) {
      case 0: sids.push_back(test.open_polling()); break;
      case 1: connections.push_back(test.park(pick(sids))); break;
      case 2:
      case 3: test.post(pick(sids), pick(packets)); break;
      case 4:
        connections.push_back(test.open_socket(random.next() % 3 == 0 ? "" : pick(sids)));
        break;
      case 5:
      case 6:
        if (!connections.empty()) {
          test.say(pick(connections), pick(packets));
        }
        break;
      case 7:
        if (!connections.empty()) {
          test.host().close(test.now, pick(connections));
        }
        break;
      default: test.sleep(milliseconds(random.next() % 50)); break;
    }
    if (!test.sessions.empty() && random.next() % 20 == 0) {
      test.server().close(test.now, pick(test.sessions), CloseReason::kForcedClose);
      test.host().settle(test.now);
    }
    if (sids.size() > 20) {
      sids.erase(sids.begin(), sids.begin() + 10);
    }
  }
  test.sleep(std::chrono::minutes(2));
  EXPECT_EQ(test.server().sessions(), 0U);
  EXPECT_EQ(test.http().connections(), 0U);
  EXPECT_EQ(test.server().next_timeout(), kNever);
  const Counters& counters = test.server().counters();
  EXPECT_EQ(counters.sessions_opened, counters.sessions_closed);
  EXPECT_GT(counters.upgraded, 0U);
}

}  // namespace
}  // namespace visavis::engineio
