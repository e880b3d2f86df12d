#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/headers.hpp"
#include "socketio/test_bed.hpp"

namespace visavis::socketio {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::MatchesRegex;

constexpr const char* kConnected = R"re(40\{"sid":"[A-Za-z0-9_-]*"\})re";

TEST(Connect, AnswersWithAnIdOfItsOwn) {
  TestBed bed;
  bed.io().of("/");
  auto& client = bed.open();
  client.send("40");
  EXPECT_THAT(client.take(), ElementsAre(MatchesRegex(kConnected)));
  EXPECT_EQ(bed.io().of("/").size(), 1U);
  EXPECT_EQ(bed.io().of("/").socket_ids().at(0).size(), 20U);
}

TEST(Connect, GivesTheHandshakeAndAuthToTheConnectionHandler) {
  TestBed bed;
  std::string seen;
  bed.io().on_connection([&](Socket& socket) {
    const Handshake& handshake = socket.handshake();
    seen = std::string(handshake.auth()["token"].as_string()) + " " +
           handshake.address().to_string() + " " +
           std::string(*handshake.headers().find("origin")) + " " +
           handshake.query_value("name").value_or("-") + " " +
           (handshake.cross_domain() ? "x" : "") + (handshake.secure() ? "s" : "");
    EXPECT_EQ(handshake.issued(), bed.now());
    EXPECT_FALSE(handshake.query_value("other"));
    socket.emit("auth", handshake.auth());
  });
  auto& client = bed.open("&name=c&name=a%20b");
  client.send(R"(40{"token":"abc"})");
  EXPECT_EQ(seen, "abc 127.0.0.1:4000 http://example.org a b x");
  EXPECT_THAT(client.take(),
              ElementsAre(MatchesRegex(kConnected), R"(42["auth",{"token":"abc"}])"));
}

TEST(Connect, GivesAnEmptyObjectWhereNoAuthCame) {
  TestBed bed;
  bed.io().on_connection([](Socket& socket) { socket.emit("auth", socket.handshake().auth()); });
  EXPECT_EQ(bed.open().closed(), false);
  auto& client = bed.open();
  client.send("40");
  EXPECT_EQ(client.take().at(1), R"(42["auth",{}])");
}

TEST(Connect, RefusesAnUnknownNamespaceAndStays) {
  TestBed bed;
  bed.io().of("/");
  auto& client = bed.open();
  client.send("40/random");
  client.send("40/?x=1,");
  EXPECT_THAT(client.take(), ElementsAre(R"(44/random,{"message":"Invalid namespace"})",
                                         R"(44/?x=1,{"message":"Invalid namespace"})"));
  client.send("40");
  EXPECT_THAT(client.take(), ElementsAre(MatchesRegex(kConnected)));
}

TEST(Connect, KeepsNamespacesApart) {
  TestBed bed;
  bed.io().of("/");
  bed.io().of("custom").on_connection(
      [](Socket& socket) { socket.on("where", [](const Arguments&, Ack ack) { ack("custom"); }); });
  auto& client = bed.open();
  client.send("40/custom,");
  EXPECT_THAT(client.take(), ElementsAre(MatchesRegex(R"re(40/custom,\{"sid":".*"\})re")));
  client.send(R"(42/custom,3["where"])");
  EXPECT_THAT(client.take(), ElementsAre(R"(43/custom,3["custom"])"));
  client.send("40");
  client.send("41/custom,");
  EXPECT_EQ(bed.io().of("custom").size(), 0U);
  EXPECT_EQ(bed.io().of("/").size(), 1U);
  EXPECT_FALSE(client.closed());
}

TEST(Connect, ClosesAClientThatJoinsNoNamespaceInTime) {
  TestBed bed({.connect_timeout = seconds(10)});
  bed.io().of("/");
  auto& idle = bed.open();
  auto& late = bed.open();
  auto& joined = bed.join();
  bed.pass(seconds(9));
  late.send("40/random");
  EXPECT_FALSE(idle.closed());
  bed.pass(seconds(1));
  EXPECT_TRUE(idle.closed());
  EXPECT_TRUE(late.closed());
  bed.pass(seconds(100));
  EXPECT_FALSE(joined.closed());
  EXPECT_EQ(bed.io().counters().connect_timeouts, 2U);
}

TEST(Connect, RefusesMoreNamespacesThanTheLimit) {
  TestBed bed({.namespaces_max = 1});
  bed.io().of("/");
  bed.io().of("/b");
  auto& client = bed.join();
  client.send("40/b");
  EXPECT_THAT(client.take(), ElementsAre(R"(44/b,{"message":"Too many namespaces"})"));
  client.send("41");
  client.send("40/b");
  EXPECT_EQ(bed.io().of("/b").size(), 1U);
}

TEST(Middleware, LetsOnOrRefusesWithMessageAndData) {
  TestBed bed;
  bed.io().use([](Socket& socket, Next next) {
    if (socket.handshake().auth()["token"].as_string() == "good") {
      next();
    } else {
      next(ConnectError{"not authorized", json::Raw{R"({"code":1})"}});
    }
  });
  auto& client = bed.open();
  client.send(R"(40{"token":"bad"})");
  EXPECT_THAT(client.take(), ElementsAre(R"(44{"message":"not authorized","data":{"code":1}})"));
  client.send(R"(40{"token":"good"})");
  EXPECT_THAT(client.take(), ElementsAre(MatchesRegex(kConnected)));
}

TEST(Middleware, MayAnswerLaterAndInOrder) {
  TestBed bed;
  std::vector<std::string> order;
  std::optional<Next> parked;
  bed.io().use([&](Socket&, Next next) {
    order.emplace_back("first");
    parked.emplace(std::move(next));
  });
  bed.io().use([&](Socket& socket, Next next) {
    order.emplace_back("second");
    socket.data<int>() = 5;
    socket.join("early");
    next();
  });
  bed.io().on_connection(
      [&](Socket& socket) { order.push_back("connection " + std::to_string(socket.data<int>())); });
  auto& client = bed.open();
  client.send("40");
  EXPECT_THAT(client.take(), IsEmpty());
  EXPECT_THAT(order, ElementsAre("first"));
  (*parked)();
  bed.pump();
  EXPECT_THAT(order, ElementsAre("first", "second", "connection 5"));
  bed.io().to("early").emit("x");
  bed.pump();
  EXPECT_THAT(client.take(), ElementsAre(MatchesRegex(kConnected), R"(42["x"])"));
}

TEST(Middleware, ThatThrowsItsAnswerAwayRefuses) {
  TestBed bed;
  bed.io().use([](Socket&, const Next&) {});
  auto& client = bed.open();
  client.send("40");
  EXPECT_THAT(client.take(), ElementsAre(R"(44{"message":"No answer"})"));
}

TEST(Middleware, AnswersNobodyWhenTheClientHasGone) {
  TestBed bed;
  std::optional<Next> parked;
  bed.io().use([&](Socket& socket, Next next) {
    socket.join("room");
    parked.emplace(std::move(next));
  });
  auto& client = bed.open();
  client.send("40");
  client.vanish();
  (*parked)();
  EXPECT_EQ(bed.io().of("/").size(), 0U);
  bed.io().to("room").emit("x");
}

TEST(Middleware, AnswersNobodyWhenTheServerHasGone) {
  std::optional<Next> parked;
  {
    TestBed bed;
    bed.io().use([&](Socket&, Next next) { parked.emplace(std::move(next)); });
    bed.open().send("40");
  }
  (*parked)();
}

struct Violation {
  const char* name;
  std::vector<std::string> packets;  ///< "b:…" is sent as binary
};

class ProtocolViolation : public testing::TestWithParam<Violation> {};

// shared/socketio.md §1, and the answers of Node's server.
TEST_P(ProtocolViolation, ClosesTheConnection) {
  TestBed bed;
  bed.io().of("/custom");
  auto& client = bed.open();
  for (const std::string& packet : GetParam().packets) {
    EXPECT_FALSE(client.closed()) << packet;
    if (packet.starts_with("b:")) {
      client.send_binary(packet.substr(2));
    } else {
      client.send(packet);
    }
  }
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(bed.io().connection_count(), 0U);
  EXPECT_EQ(bed.io().of("/").size(), 0U);
  EXPECT_EQ(bed.io().counters().protocol_errors, 1U);
}

INSTANTIATE_TEST_SUITE_P(
    All, ProtocolViolation,
    testing::Values(Violation{"UnknownType", {"40", "4abc"}}, Violation{"Empty", {"40", "4"}},
                    Violation{"ObjectAsEvent", {"40", "42{}"}},
                    Violation{"LettersAsId", {"40", "42abc[\"m\"]"}},
                    Violation{"EventBeforeConnect", {"42[\"m\"]"}},
                    Violation{"DisconnectBeforeConnect", {"41"}},
                    Violation{"AckBeforeConnect", {"430[]"}},
                    Violation{"ConnectTwice", {"40", "40"}},
                    Violation{"ConnectTwiceElsewhere", {"40", "40/custom,", "40/custom,"}},
                    Violation{"EventElsewhere", {"40", "42/custom,[\"m\"]"}},
                    Violation{"DisconnectElsewhere", {"40", "41/custom,"}},
                    Violation{"EventAfterDisconnect", {"40", "41", "42[\"m\"]"}},
                    Violation{"NoArguments", {"40", "42[]"}},
                    Violation{"ReservedName", {"40", "42[\"disconnect\"]"}},
                    Violation{"NullAuth", {"40null"}}, Violation{"ArrayAuth", {"40[]"}},
                    Violation{"StringAuth", {"40\"x\""}},
                    Violation{"PayloadOnDisconnect", {"40", "41{}"}},
                    Violation{"TrailingGarbage", {"40", "42[\"m\"]x"}},
                    Violation{"TextWhileAttachmentIsDue", {"40", "451-[\"m\"]", "42[\"m\"]"}},
                    Violation{"BytesThatNobodyWaitsFor", {"40", "b:x"}},
                    Violation{"PlaceholderOutOfRange",
                              {"40", R"(451-["m",{"_placeholder":true,"num":1}])", "b:x"}},
                    Violation{"ElevenAttachments", {"40", "4511-[\"m\"]"}},
                    Violation{"ConnectErrorFromAClient", {"40", "44{\"message\":\"x\"}"}}),
    [](const testing::TestParamInfo<Violation>& tested) { return tested.param.name; });

TEST(Tolerance, OfWhatNodeTolerates) {
  TestBed bed;
  bed.io().on_connection(
      [](Socket& socket) { socket.on("7", [](const Arguments&, Ack ack) { ack("seven"); }); });
  auto& client = bed.join();
  client.send("42");
  client.send("43");
  client.send("4399[1]");
  client.send("43123456789012345678901234567890[]");
  client.send("42[\"nobody\",1]");
  client.send("42[\"error\"]");
  client.send("42 [7]");
  EXPECT_THAT(client.take(), ElementsAre("430[\"seven\"]"));
  client.send("4212345678901234567890123[7]");
  EXPECT_THAT(client.take(), ElementsAre("4312345678901234567890123[\"seven\"]"));
  EXPECT_FALSE(client.closed());
}

}  // namespace
}  // namespace visavis::socketio
