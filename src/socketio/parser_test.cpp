#include "socketio/parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <string>
#include <vector>

#include "socketio/test_bed.hpp"

namespace visavis::socketio {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

/// A packet is one binary message: type, namespace, id and JSON, a line each.
class LineDecoder final : public PacketDecoder {
 public:
  Result handle_text(std::string_view) override {
    return std::unexpected(DecodeError::kUnknownType);
  }
  Result handle_binary(Bytes bytes) override {
    std::vector<std::string> lines(1);
    for (const char c : as_text(bytes)) {
      if (c == '\n' && lines.size() < 4) {
        lines.emplace_back();
      } else {
        lines.back() += c;
      }
    }
    if (lines.size() < 4 || lines[0].size() != 1 || lines[0][0] < '0' || lines[0][0] > '4') {
      return std::unexpected(DecodeError::kUnknownType);
    }
    Packet packet;
    packet.type = static_cast<PacketType>(lines[0][0] - '0');
    packet.name_space = lines[1];
    if (!lines[2].empty()) {
      packet.id = lines[2];
    }
    if (!lines[3].empty()) {
      auto data = json::parse(lines[3]);
      if (!data || !is_data_valid(packet.type, *data)) {
        return std::unexpected(DecodeError::kInvalidPayload);
      }
      packet.data = *std::move(data);
    }
    return packet;
  }
};

class LineParser final : public Parser {
 public:
  EncodedPacket encode(const PacketHead& head, std::string_view list,
                       std::vector<SharedBytes>) const override {
    return encode(head, list);
  }
  EncodedPacket encode(const PacketHead& head, std::string_view json) const override {
    std::string text = std::to_string(static_cast<int>(head.type)) + '\n';
    text += head.name_space;
    text += '\n';
    text += head.id;
    text += '\n';
    text += json;
    return {engineio::binary_message(as_bytes(text))};
  }
  std::unique_ptr<PacketDecoder> make_decoder(const PacketDecoder::Limits&) const override {
    return std::make_unique<LineDecoder>();
  }
};

class ParserTest : public testing::Test {
 protected:
  static Options options() {
    Options options;
    options.parser = std::make_shared<const LineParser>();
    return options;
  }
  TestBed bed_{options()};
};

TEST_F(ParserTest, ACustomOneWritesAndReadsEveryPacket) {
  Socket* joined = nullptr;
  bed_.io().on_connection([&](Socket& socket) {
    joined = &socket;
    socket.on("echo", [](const Arguments& arguments, Ack ack) { ack(arguments[0]); });
  });
  TestBed::Client& client = bed_.open();
  client.send_binary("0\n/\n\n");
  EXPECT_THAT(client.take(), ElementsAre(StartsWith("b:0\n/\n\n{\"sid\":")));
  client.send_binary("2\n/\n7\n[\"echo\",\"x\"]");
  EXPECT_THAT(client.take(), ElementsAre("b:3\n/\n7\n[\"x\"]"));
  std::vector<std::string> outgoing;
  joined->on_any_outgoing(
      [&](std::string_view event, const Arguments&) { outgoing.emplace_back(event); });
  bed_.io().emit("news", 1);
  bed_.pump();
  EXPECT_THAT(client.take(), ElementsAre("b:2\n/\n\n[\"news\",1]"));
  EXPECT_THAT(outgoing, ElementsAre("news"));
  joined->disconnect();
  bed_.pump();
  EXPECT_THAT(client.take(), ElementsAre("b:1\n/\n\n"));
}

TEST_F(ParserTest, AnUnknownNamespaceIsRefusedInItsWords) {
  TestBed::Client& client = bed_.open();
  client.send_binary("0\n/nobody\n\n");
  EXPECT_THAT(client.take(), ElementsAre("b:4\n/nobody\n\n{\"message\":\"Invalid namespace\"}"));
}

TEST_F(ParserTest, WhatItCannotReadClosesTheConnection) {
  TestBed::Client& client = bed_.open();
  client.send("40");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(bed_.io().counters().protocol_errors, 1U);
}

}  // namespace
}  // namespace visavis::socketio
