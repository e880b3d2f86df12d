#include "engineio/packet.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engineio/message.hpp"

namespace visavis::engineio {
namespace {

std::string read(std::string_view text) {
  PacketReader reader;
  const auto packet = reader.read(text);
  if (!packet) {
    return "none";
  }
  return std::to_string(static_cast<unsigned>(packet->type)) + (packet->binary ? "b" : "t") +
         std::string(as_text(packet->data));
}

TEST(PacketTest, APacketIsADigitAndData) {
  EXPECT_EQ(read("4hello"), "4thello");
  EXPECT_EQ(read("4"), "4t");
  EXPECT_EQ(read("2probe"), "2tprobe");
  EXPECT_EQ(read("6"), "6t");
  for (const char* text : {"", "7", "abc", "/", "\x1e", "-4"}) {
    EXPECT_EQ(read(text), "none") << text;
  }
}

TEST(PacketTest, BinaryMessagesAreBase64) {
  EXPECT_EQ(read("bAQIDBA=="), "4b\x01\x02\x03\x04");
  EXPECT_EQ(read("bAQIDBA"), "4b\x01\x02\x03\x04");
  EXPECT_EQ(read("b"), "4b");
  EXPECT_EQ(read("b$$$$"), "none");
  EXPECT_EQ(read("bA"), "none");
}

TEST(PayloadTest, PacketsStandBetweenSeparators) {
  const auto walk = [](std::string_view payload) {
    PayloadWalk packets(payload);
    std::vector<std::string> texts;
    while (const auto text = packets.next()) {
      texts.emplace_back(*text);
    }
    return texts;
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(walk("4a\x1e"
                 "4b"),
            (Texts{"4a", "4b"}));
  EXPECT_EQ(walk("4a\x1e"), (Texts{"4a", ""}));
  EXPECT_EQ(walk(""), (Texts{""}));
  EXPECT_EQ(walk("\x1e"), (Texts{"", ""}));
}

TEST(MessageTest, IsFramedOnce) {
  const SharedMessage text = text_message("hi");
  EXPECT_EQ(as_text(*text->frame()),
            "\x81\x03"
            "4hi");
  EXPECT_EQ(as_text(text->packet()), "4hi");
  EXPECT_EQ(text->polling_size(), 3U);
  const SharedMessage binary = binary_message(as_bytes("abcd"));
  EXPECT_EQ(as_text(*binary->frame()),
            "\x82\x04"
            "abcd");
  EXPECT_EQ(binary->polling_size(), 1U + 8U);
}

}  // namespace
}  // namespace visavis::engineio
