#include "socketio/packet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace visavis::socketio {
namespace {

Packet packet_of(std::string_view text) {
  Decoder decoder({});
  auto packet = decoder.handle_text(text);
  EXPECT_TRUE(packet && *packet) << text;
  return packet && *packet ? **packet : Packet{};
}

/// No error means: the text was taken.
std::optional<DecodeError> error_of(std::string_view text) {
  Decoder decoder({});
  const auto packet = decoder.handle_text(text);
  return packet ? std::nullopt : std::optional(packet.error());
}

std::string text_of(const EncodedPacket& packet) {
  return std::string(as_text(packet.at(0)->packet()));
}

TEST(Decoder, ReadsEachTypeOfPacket) {
  EXPECT_EQ(packet_of("0").type, PacketType::kConnect);
  EXPECT_EQ(packet_of("0{\"token\":1}").data->operator[]("token").as_number(), 1);
  EXPECT_EQ(packet_of("0/custom,{}").name_space, "/custom");
  EXPECT_EQ(packet_of("0/custom").name_space, "/custom");
  EXPECT_EQ(packet_of("1/custom,").type, PacketType::kDisconnect);
  EXPECT_EQ(packet_of("2[\"a\"]").name_space, "/");
  EXPECT_EQ(packet_of("2/,12[\"a\"]").id, "12");
  EXPECT_EQ(packet_of("3/custom,5[]").type, PacketType::kAck);
  EXPECT_EQ(packet_of("4{\"message\":\"no\"}").type, PacketType::kConnectError);
}

TEST(Decoder, RefusesUnknownTypes) {
  for (const std::string_view text : {"", "7", "9", "a", "-1", " 2[\"a\"]", "\xC3\xA9"}) {
    EXPECT_EQ(error_of(text), DecodeError::kUnknownType) << text;
  }
}

TEST(Decoder, RefusesPayloadsThatTheTypeDoesNotCarry) {
  for (const std::string_view text : {"0null",
                                      "0[]",
                                      "0\"x\"",
                                      "0{}x",
                                      "1{}",
                                      "1[]",
                                      "1/custom,{}",
                                      "2{}",
                                      "2\"x\"",
                                      "2null",
                                      "2[]",
                                      "2[null]",
                                      "2[{}]",
                                      "2[true]",
                                      "2[\"a\"",
                                      "2[\"a\"]x",
                                      "2abc",
                                      "21e[\"a\"]",
                                      "2+5[\"a\"]",
                                      "2-1[\"a\"]",
                                      "2[\"connect\"]",
                                      "2[\"connect_error\"]",
                                      "2[\"disconnect\"]",
                                      "2[\"disconnecting\"]",
                                      "2[\"newListener\"]",
                                      "2[\"removeListener\"]",
                                      "3{}",
                                      "31\"x\"",
                                      "4[]",
                                      "41.5"}) {
    EXPECT_EQ(error_of(text), DecodeError::kInvalidPayload) << text;
  }
}

TEST(Decoder, RefusesEachTruncationInsideThePayload) {
  const std::string text = "2/custom,13[\"event\",{\"a\":[1,true]}]";
  ASSERT_EQ(error_of(text), std::nullopt);
  for (std::size_t size = text.find('[') + 1; size < text.size(); ++size) {
    EXPECT_EQ(error_of(text.substr(0, size)), DecodeError::kInvalidPayload) << size;
  }
}

TEST(Decoder, ToleratesWhatNodeTolerates) {
  EXPECT_EQ(packet_of("2").data, std::nullopt);
  EXPECT_EQ(packet_of("25").id, "5");
  EXPECT_EQ(packet_of("3").data, std::nullopt);
  EXPECT_EQ(packet_of("11").type, PacketType::kDisconnect);
  EXPECT_EQ(packet_of("00{}").type, PacketType::kConnect);
  EXPECT_EQ(packet_of("2 [\"a\"]").id, "0");
  EXPECT_EQ(packet_of("2\n7 [\"a\"]").id, "7");
  EXPECT_EQ(packet_of("2[1.5,2]").data->at(0).as_number(), 1.5);
  EXPECT_EQ(packet_of("2[\"error\"]").data->size(), 1U);
  EXPECT_EQ(packet_of("2[\"a\"]\n").data->size(), 1U);
  EXPECT_EQ(packet_of("0/").name_space, "/");
}

TEST(Decoder, KeepsIdsOfAnySizeAsTheyAre) {
  EXPECT_EQ(packet_of("2123456789012345678901[\"a\"]").id, "123456789012345678901");
  EXPECT_EQ(packet_of("2007[\"a\"]").id, "7");
  EXPECT_EQ(packet_of("2000[\"a\"]").id, "0");
  EXPECT_EQ(error_of("24 2[\"a\"]"), DecodeError::kIllegalId);
}

TEST(Decoder, PutsAttachmentsInTheirPlaces) {
  Decoder decoder({});
  ASSERT_EQ(decoder.handle_text(
                "52-/c,7[\"a\",{\"_placeholder\":true,\"num\":1},[{\"x\":{\"_placeholder\":"
                "true,\"num\":0}}]]"),
            std::nullopt);
  ASSERT_EQ(decoder.handle_binary(as_bytes("zero")), std::nullopt);
  const auto packet = decoder.handle_binary(as_bytes("one"));
  ASSERT_TRUE(packet && *packet);
  EXPECT_EQ((*packet)->type, PacketType::kEvent);
  EXPECT_EQ((*packet)->id, "7");
  const Arguments arguments(*(*packet)->data, 1, (*packet)->attachments);
  EXPECT_EQ(as_text(arguments[0].as_bytes()), "one");
  EXPECT_EQ(as_text(arguments[1].at(0)["x"].as_bytes()), "zero");
  EXPECT_FALSE(arguments[1].is_binary());
  EXPECT_TRUE(decoder.handle_text("2[\"next\"]"));
}

TEST(Decoder, RefusesIllegalCountsOfAttachments) {
  for (const std::string_view text :
       {"5[\"a\"]", "5-[\"a\"]", "5x-[\"a\"]", "511-[\"a\"]", "51", "5-1-[\"a\"]", "51.5-[\"a\"]",
        "599999999999999999999999-[\"a\"]", "6", "6[]"}) {
    EXPECT_EQ(error_of(text), DecodeError::kIllegalAttachments) << text;
  }
  EXPECT_EQ(error_of("510-[\"a\"]"), std::nullopt);
}

TEST(Decoder, TakesABinaryPacketWithoutAttachmentsAsWhole) {
  Decoder decoder({});
  const auto packet = decoder.handle_text("50-[\"a\",1]");
  ASSERT_TRUE(packet && *packet);
  EXPECT_EQ((*packet)->type, PacketType::kEvent);
  EXPECT_TRUE(decoder.handle_text("2[\"a\"]"));
}

TEST(Decoder, RefusesTextWhileAttachmentsAreDueAndBytesWhileNoneIs) {
  Decoder decoder({});
  EXPECT_EQ(decoder.handle_binary(as_bytes("x")).error(), DecodeError::kNoAttachmentDue);
  Decoder waiting({});
  ASSERT_TRUE(waiting.handle_text("51-[\"a\"]"));
  EXPECT_EQ(waiting.handle_text("2[\"a\"]").error(), DecodeError::kAttachmentDue);
}

TEST(Decoder, RefusesPlaceholdersOfAttachmentsThatAreNotThere) {
  for (const std::string_view number : {"1", "-1", "0.5", "\"0\"", "null", "1e300"}) {
    Decoder decoder({});
    const std::string text =
        "51-[\"a\",[{\"_placeholder\":true,\"num\":" + std::string(number) + "}]]";
    ASSERT_TRUE(decoder.handle_text(text));
    EXPECT_EQ(decoder.handle_binary(as_bytes("x")).error(), DecodeError::kIllegalPlaceholder)
        << number;
  }
}

TEST(Decoder, LeavesObjectsThatOnlyLookLikePlaceholdersAlone) {
  const Packet plain = packet_of("2[\"a\",{\"_placeholder\":true,\"num\":0}]");
  EXPECT_FALSE(Arguments(*plain.data, 1, plain.attachments)[0].is_binary());
  Decoder decoder({});
  ASSERT_TRUE(decoder.handle_text("51-[\"a\",{\"_placeholder\":1,\"num\":9}]"));
  EXPECT_TRUE(decoder.handle_binary(as_bytes("x")));
}

TEST(Decoder, BoundsTheBytesOfAttachments) {
  Decoder decoder({.attachment_bytes_max = 5});
  ASSERT_TRUE(decoder.handle_text("52-[\"a\"]"));
  ASSERT_TRUE(decoder.handle_binary(as_bytes("123")));
  EXPECT_EQ(decoder.handle_binary(as_bytes("456")).error(), DecodeError::kAttachmentsTooBig);
}

TEST(Encoder, WritesTextPackets) {
  EXPECT_EQ(text_of(encode_packet({PacketType::kConnect, "/", {}}, "{\"sid\":\"x\"}")),
            "40{\"sid\":\"x\"}");
  EXPECT_EQ(text_of(encode_packet({PacketType::kDisconnect, "/c", {}}, "")), "41/c,");
  EXPECT_EQ(text_of(encode_packet({PacketType::kEvent, "/", {}},
                                  Payload::event("e", 1, "x", true, nullptr, json::Raw{"[ ]"}))),
            "42[\"e\",1,\"x\",true,null,[ ]]");
  EXPECT_EQ(text_of(encode_packet({PacketType::kAck, "/c", "12"}, Payload::ack())), "43/c,12[]");
}

TEST(Encoder, WritesBytesAsAttachments) {
  Payload payload("e");
  payload.add(as_bytes("one")).writer().begin_object().key("in");
  payload.binary(as_bytes("two")).writer().end_object();
  const EncodedPacket packet = encode_packet({PacketType::kEvent, "/c", "3"}, std::move(payload));
  ASSERT_EQ(packet.size(), 3U);
  EXPECT_EQ(text_of(packet),
            "452-/c,3[\"e\",{\"_placeholder\":true,\"num\":0},{\"in\":{\"_placeholder\":true,"
            "\"num\":1}}]");
  EXPECT_TRUE(packet[1]->binary());
  EXPECT_EQ(as_text(packet[1]->packet()), "one");
  EXPECT_EQ(as_text(packet[2]->packet()), "two");
  EXPECT_EQ(text_of(encode_packet({PacketType::kAck, "/", "1"}, Payload::ack(to_buffer("x")))),
            "461-1[{\"_placeholder\":true,\"num\":0}]");
}

TEST(Encoder, SendsArgumentsOnWithTheirBytesUnderNewNumbers) {
  Decoder decoder({});
  ASSERT_TRUE(
      decoder.handle_text("52-[\"a\",{\"x\":[{\"_placeholder\":true,\"num\":1}]},{\"_placeholder\":"
                          "true,\"num\":0},1.50]"));
  ASSERT_TRUE(decoder.handle_binary(as_bytes("zero")));
  const auto packet = decoder.handle_binary(as_bytes("one"));
  ASSERT_TRUE(packet && *packet);
  const Arguments arguments(*(*packet)->data, 1, (*packet)->attachments);
  const EncodedPacket encoded =
      encode_packet({PacketType::kEvent, "/", {}}, Payload::event("b", as_bytes("own"), arguments));
  EXPECT_EQ(
      text_of(encoded),
      "453-[\"b\",{\"_placeholder\":true,\"num\":0},{\"x\":[{\"_placeholder\":true,\"num\":1}]},"
      "{\"_placeholder\":true,\"num\":2},1.50]");
  EXPECT_EQ(as_text(encoded.at(2)->packet()), "one");
  EXPECT_EQ(as_text(encoded.at(3)->packet()), "zero");
}

}  // namespace
}  // namespace visavis::socketio
