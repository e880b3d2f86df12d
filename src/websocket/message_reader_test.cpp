#include "websocket/message_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace visavis::websocket {
namespace {

constexpr Mask kMask = {std::byte{0x11}, std::byte{0x22}, std::byte{0x33}, std::byte{0x44}};

/// What `wire` says: each message as its opcode's digit and its payload, then "!" and the close
/// code if it ends in an error.
std::vector<std::string> read_all(MessageReader& reader, Bytes wire) {
  std::vector<std::string> log;
  while (true) {
    const auto message = reader.read(wire);
    if (!message) {
      log.push_back("!" + std::to_string(static_cast<unsigned>(close_code(message.error()))));
      return log;
    }
    if (!*message) {
      EXPECT_TRUE(wire.empty());
      return log;
    }
    log.push_back(std::to_string(static_cast<unsigned>((*message)->opcode)) +
                  std::string(as_text((*message)->payload)));
  }
}

using Log = std::vector<std::string>;

/// A client's frame, with any first byte.
Buffer frame(unsigned first, std::string_view payload) {
  Buffer bytes = encode_masked_frame(Opcode::kText, as_bytes(payload), kMask);
  bytes[0] = static_cast<std::byte>(first);
  return bytes;
}

Buffer operator+(Buffer a, const Buffer& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

class MessageReaderTest : public testing::Test {
 protected:
  Log read(const Buffer& wire) {
    MessageReader reader(Role::kServer, {.message_bytes_max = 1000, .inflater = &inflater_});
    return read_all(reader, wire);
  }

  Inflater inflater_;
  Deflater deflater_;
};

TEST_F(MessageReaderTest, ReadsMessagesOfEveryLengthForm) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 1000U}) {
    const std::string text(size, 'a');
    EXPECT_EQ(read(frame(0x81, text)), Log{"1" + text});
    EXPECT_EQ(read(frame(0x82, text)), Log{"2" + text});
  }
}

TEST_F(MessageReaderTest, ALongMessageArrivesInPieces) {
  Buffer payload(200'000);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    payload[i] = static_cast<std::byte>(i * 7);
  }
  const Buffer wire = encode_masked_frame(Opcode::kBinary, payload, kMask);
  MessageReader reader(Role::kServer, {.message_bytes_max = payload.size(), .inflater = nullptr});
  for (std::size_t at = 0; at < wire.size(); at += 1237) {
    Bytes piece = Bytes(wire).subspan(at, std::min<std::size_t>(1237, wire.size() - at));
    const auto message = reader.read(piece);
    ASSERT_TRUE(message);
    if (*message) {
      EXPECT_EQ(to_buffer((*message)->payload), payload);
      EXPECT_GE(at + 1237, wire.size());
    }
  }
}

TEST_F(MessageReaderTest, EveryTruncationIsNoMessageYetAndTheRestCompletesIt) {
  const Buffer wire = frame(0x01, "ab") + frame(0x89, "ping") + frame(0x80, "c") +
                      frame(0x82, std::string(300, 'x')) + frame(0x88, "\x03\xE8");
  const Log whole = read(wire);
  ASSERT_EQ(whole.size(), 4U);
  for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
    MessageReader reader(Role::kServer, {.message_bytes_max = 1000, .inflater = nullptr});
    Log log = read_all(reader, Bytes(wire).first(cut));
    const Log rest = read_all(reader, Bytes(wire).subspan(cut));
    EXPECT_EQ(log.size() == whole.size(), cut == wire.size());
    log.insert(log.end(), rest.begin(), rest.end());
    EXPECT_EQ(log, whole) << cut;
  }
}

TEST_F(MessageReaderTest, ControlFramesMayStandBetweenFragments) {
  EXPECT_EQ(read(frame(0x01, "a") + frame(0x89, "p") + frame(0x00, "b") + frame(0x8A, "") +
                 frame(0x80, "c")),
            (Log{"9p", "10", "1abc"}));
}

TEST_F(MessageReaderTest, BrokenFramesAreProtocolErrors) {
  const Log error{"!1002"};
  EXPECT_EQ(read(frame(0xA1, "")), error);  // reserved bits
  EXPECT_EQ(read(frame(0x91, "")), error);
  EXPECT_EQ(read(frame(0x83, "")), error);  // reserved opcodes
  EXPECT_EQ(read(frame(0x8B, "")), error);
  EXPECT_EQ(read(frame(0x80, "")), error);                     // nothing to continue
  EXPECT_EQ(read(frame(0x01, "") + frame(0x81, "")), error);   // a message inside a message
  EXPECT_EQ(read(frame(0x09, "")), error);                     // a fragmented control frame
  EXPECT_EQ(read(frame(0x89, std::string(126, 'p'))), error);  // a long control frame
  EXPECT_EQ(read(*encode_frame(Opcode::kText, as_bytes("unmasked"))), error);
}

TEST_F(MessageReaderTest, ABadFirstPairOfBytesIsNotWaitedFor) {
  EXPECT_EQ(read(Buffer{std::byte{0x83}, std::byte{0x80}}), Log{"!1002"});
  EXPECT_EQ(read(Buffer{std::byte{0x81}, std::byte{0x01}}), Log{"!1002"});
}

TEST_F(MessageReaderTest, LengthsMustTakeTheirShortestForm) {  // RFC 6455 §5.2
  const auto with_length = [](std::initializer_list<unsigned> length) {
    Buffer bytes{std::byte{0x82}};
    for (const unsigned value : length) {
      bytes.push_back(static_cast<std::byte>(value));
    }
    bytes.resize(bytes.size() + 4);
    return bytes;
  };
  EXPECT_EQ(read(with_length({0xFE, 0x00, 0x7D})), Log{"!1002"});
  EXPECT_EQ(read(with_length({0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF})), Log{"!1002"});
  EXPECT_EQ(read(with_length({0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0})), Log{"!1002"});
  EXPECT_EQ(read(with_length({0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF})),
            Log{"!1009"});
}

TEST_F(MessageReaderTest, TooBigIsToldFromTheHeaderAlone) {
  const Buffer wire = frame(0x82, std::string(1001, 'x'));
  EXPECT_EQ(read(to_buffer(Bytes(wire).first(8))), Log{"!1009"});
}

TEST_F(MessageReaderTest, FragmentsAreTooBigTogether) {
  const std::string half(600, 'x');
  EXPECT_EQ(read(frame(0x02, half) + frame(0x80, half)), Log{"!1009"});
  EXPECT_EQ(read(frame(0x82, half) + frame(0x82, half)), (Log{"2" + half, "2" + half}));
}

TEST_F(MessageReaderTest, TextMustBeUtf8AlsoOverFragments) {
  EXPECT_EQ(read(frame(0x81, "\xFF")), Log{"!1007"});
  EXPECT_EQ(read(frame(0x82, "\xFF")), Log{"2\xFF"});
  EXPECT_EQ(read(frame(0x01, "\xE2\x82") + frame(0x80, "\xAC")), Log{"1\xE2\x82\xAC"});
  EXPECT_EQ(read(frame(0x01, "\xE2\x82") + frame(0x80, "")), Log{"!1007"});
}

TEST_F(MessageReaderTest, CloseFramesBearAnAllowedCodeAndText) {  // RFC 6455 §5.5.1, §7.4
  EXPECT_EQ(read(frame(0x88, "")), Log{"8"});
  EXPECT_EQ(read(frame(0x88,
                       "\x03\xE8"
                       "bye")),
            Log{"8\x03\xE8"
                "bye"});
  EXPECT_EQ(read(frame(0x88, "\x0F\xA1")), Log{"8\x0F\xA1"});  // 4001
  for (const char* bad : {"\x03", "\x03\xE7", "\x03\xEC", "\x03\xED", "\x03\xEE", "\x03\xF7",
                          "\x0B\xB7", "\x13\x88"}) {
    EXPECT_EQ(read(frame(0x88, bad)), Log{"!1002"}) << bad;
  }
  EXPECT_EQ(read(frame(0x88, "\x03\xE8\xFF")), Log{"!1007"});
}

TEST_F(MessageReaderTest, CompressedMessagesAreInflated) {
  const Buffer compressed = deflater_.compress(as_bytes("hello hello hello"));
  EXPECT_EQ(read(encode_masked_frame(Opcode::kText, compressed, kMask, true)),
            Log{"1hello hello hello"});
  const std::string_view text = as_text(compressed);
  EXPECT_EQ(read(frame(0x41, text.substr(0, 3)) + frame(0x89, "") + frame(0x80, text.substr(3))),
            (Log{"9", "1hello hello hello"}));
}

TEST_F(MessageReaderTest, CompressionHasItsOwnErrors) {
  EXPECT_EQ(read(frame(0xC1, "\xFF\xFF\xFF")), Log{"!1007"});
  EXPECT_EQ(
      read(encode_masked_frame(Opcode::kBinary, deflater_.compress(Buffer(100'000)), kMask, true)),
      Log{"!1009"});
  EXPECT_EQ(read(frame(0x41, "") + frame(0xC0, "")), Log{"!1002"});  // only the first frame says it
  EXPECT_EQ(read(frame(0xC9, "")), Log{"!1002"});
  EXPECT_EQ(
      read(encode_masked_frame(Opcode::kText, deflater_.compress(as_bytes("\xFF")), kMask, true)),
      Log{"!1007"});
  MessageReader plain(Role::kServer, {});
  EXPECT_EQ(read_all(plain, frame(0xC1, "")), Log{"!1002"});
}

TEST_F(MessageReaderTest, ReadersInTheMiddleOfMessagesDoNotDisturbEachOtherThroughTheSpareState) {
  MessageReader::Spare spare;
  const MessageReader::Options options{
      .message_bytes_max = 1000, .inflater = nullptr, .spare = &spare};
  MessageReader first(Role::kServer, options);
  MessageReader second(Role::kServer, options);
  const Buffer wire = frame(0x01, "ab") + frame(0x80, "cd");
  for (std::size_t cut = 1; cut < wire.size(); ++cut) {
    EXPECT_EQ(read_all(first, Bytes(wire).first(cut)), Log{});
    EXPECT_EQ(read_all(second, frame(0x82, "whole")), Log{"2whole"});
    EXPECT_TRUE(spare);  // the second one's, back for the next
    EXPECT_EQ(read_all(first, Bytes(wire).subspan(cut)), Log{"1abcd"}) << cut;
  }
}

TEST_F(MessageReaderTest, WhoStopsGivesTheSpareStateBackAndKeepsNoHalfMessage) {
  MessageReader::Spare spare;
  const MessageReader::Options options{
      .message_bytes_max = 1000, .inflater = nullptr, .spare = &spare};
  MessageReader first(Role::kServer, options);
  const Buffer close = frame(0x88, "");
  Bytes wire = close;
  ASSERT_TRUE(first.read(wire));
  EXPECT_FALSE(spare);  // the message may still be looked at
  first.stop();
  EXPECT_TRUE(spare);
  MessageReader second(Role::kServer, options);
  const Buffer begun = frame(0x01, "ab");
  wire = begun;
  ASSERT_TRUE(second.read(wire));
  second.stop();
  EXPECT_EQ(read_all(second, frame(0x81, "cd")), Log{"1cd"});
}

TEST_F(MessageReaderTest, TheSpareStateKeepsNoBigBuffer) {
  MessageReader::Spare spare;
  MessageReader reader(Role::kServer,
                       {.message_bytes_max = 1'000'000, .inflater = nullptr, .spare = &spare});
  EXPECT_EQ(read_all(reader, frame(0x82, std::string(100'000, 'x'))).size(), 1U);
  EXPECT_FALSE(spare);
}

TEST_F(MessageReaderTest, AClientWantsUnmaskedFrames) {
  MessageReader reader(Role::kClient, {});
  EXPECT_EQ(read_all(reader, *encode_frame(Opcode::kText, as_bytes("hi"))), Log{"1hi"});
  EXPECT_EQ(read_all(reader, frame(0x81, "hi")), Log{"!1002"});
}

}  // namespace
}  // namespace visavis::websocket
