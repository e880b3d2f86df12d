#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "socketio/test_bed.hpp"

// What a hostile client says, and what it costs: the rest of the list is in docs/socketio.md.

namespace visavis::socketio {
namespace {

TEST(BadInput, AFloodOfConnectsFillsNoTableAndIsCounted) {
  TestBed bed({.namespaces_max = 4});
  bed.io().of_dynamic([](std::string_view, const json::Value&) { return true; });
  auto& client = bed.join();
  for (int i = 0; i < 1000; ++i) {
    client.send("40/n" + std::to_string(i));
  }
  EXPECT_EQ(bed.io().counters().sockets, 4U);
  EXPECT_EQ(bed.io().counters().refused_sockets, 997U);  // "/" is one of the four
  EXPECT_FALSE(client.closed());
}

TEST(BadInput, AFloodOfConnectsToOneNamespaceClosesTheConnection) {
  TestBed bed;
  auto& client = bed.join();
  client.send("40");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(bed.io().counters().protocol_errors, 1U);
}

TEST(BadInput, OfNamespacesThatAClientWasSentAwayFromNoMoreAreRememberedThanItMayBeIn) {
  TestBed bed({.namespaces_max = 4, .cleanup_empty_child_namespaces = true});
  bed.io()
      .of_dynamic([](std::string_view, const json::Value&) { return true; })
      .on_connection([](Socket& socket) { socket.disconnect(); });
  auto& client = bed.join();
  for (int i = 1; i <= 1000; ++i) {
    client.send("40/n" + std::to_string(i));
  }
  EXPECT_EQ(bed.io().counters().sockets, 1001U);
  for (const int i : {997, 1000}) {
    client.send("42/n" + std::to_string(i) + R"(,["on its way"])");
  }
  EXPECT_FALSE(client.closed());
  client.send(R"(42/n996,["late"])");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(bed.io().counters().protocol_errors, 1U);
}

TEST(BadInput, DeepJsonClosesTheConnectionAndIsCounted) {
  TestBed bed;
  auto& client = bed.join();
  client.send("42[\"e\"," + std::string(20'000, '[') + std::string(20'000, ']') + "]");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(bed.io().counters().protocol_errors, 1U);
}

TEST(BadInput, TextThatIsNoUtf8ClosesTheConnection) {
  TestBed bed;
  auto& client = bed.join();
  client.send("42[\"e\",\"\xC0\x80\"]");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(bed.io().counters().events_received, 0U);
}

}  // namespace
}  // namespace visavis::socketio
