#include "stun/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/random.hpp"

namespace visavis::stun {
namespace {

using testing::Optional;

Buffer from_hex(std::string_view text) {
  Buffer bytes;
  std::string digits;
  for (const char letter : text) {
    if (letter != ' ' && letter != '\n') {
      digits += letter;
    }
  }
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

constexpr std::string_view kPassword = "VOkJxbRl1RmTxUk/WvJxBt";

// RFC 5769 §2.1
Buffer sample_request() {
  return from_hex(
      "00010058 2112a442 b7e7a701 bc34d686 fa87dfae 80220010 5354554e 20746573 7420636c 69656e74"
      "00240004 6e0001ff 80290008 932ff9b1 51263b36 00060009 6576746a 3a683676 59202020 00080014"
      "9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2 80280004 e57a3bcf");
}
// RFC 5769 §2.2
Buffer sample_v4_answer() {
  return from_hex(
      "0101003c 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200008"
      "0001a147 e112a643 00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7 80280004 c07d4c96");
}
// RFC 5769 §2.3
Buffer sample_v6_answer() {
  return from_hex(
      "01010048 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200014"
      "0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9 00080014 a382954e 4be67bf1 1784c97c 8292c275"
      "bfe3ed41 80280004 c8fb0b4c");
}

TransactionId sample_transaction() {
  TransactionId id{};
  for (std::size_t i = 0; i < id.size(); ++i) {
    id[i] = static_cast<std::byte>(i + 1);
  }
  return id;
}

Buffer written_request(const Request& request) {
  Buffer bytes(kMessageBytesMax);
  bytes.resize(write_request(bytes, request, kPassword));
  return bytes;
}

Buffer some_request() {
  return written_request({.transaction = sample_transaction(),
                          .username = "local:remote",
                          .priority = 1853824767,
                          .controlling = 0x0123456789ABCDEF,
                          .use_candidate = true});
}

TEST(StunMessage, ReadsTheSampleRequestOfRfc5769) {
  const Buffer bytes = sample_request();
  const auto message = parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->kind, Class::kRequest);
  EXPECT_EQ(message->username, "evtj:h6vY");
  EXPECT_THAT(message->priority, Optional(0x6E0001FFU));
  EXPECT_THAT(message->controlled, Optional(0x932FF9B151263B36U));
  EXPECT_TRUE(message->has_fingerprint);
  EXPECT_TRUE(message->unknown.empty());
  EXPECT_TRUE(has_integrity(*message, kPassword));
  EXPECT_FALSE(has_integrity(*message, "another password"));
}

TEST(StunMessage, ReadsTheSampleAnswersOfRfc5769) {
  const Buffer v4 = sample_v4_answer();
  const auto over_v4 = parse(v4);
  ASSERT_TRUE(over_v4);
  EXPECT_EQ(over_v4->kind, Class::kSuccess);
  EXPECT_THAT(over_v4->mapped_address, Optional(*SocketAddress::parse("192.0.2.1:32853")));
  EXPECT_TRUE(has_integrity(*over_v4, kPassword));

  const Buffer v6 = sample_v6_answer();
  const auto over_v6 = parse(v6);
  ASSERT_TRUE(over_v6);
  EXPECT_THAT(over_v6->mapped_address,
              Optional(*SocketAddress::parse("[2001:db8:1234:5678:11:2233:4455:6677]:32853")));
  EXPECT_TRUE(has_integrity(*over_v6, kPassword));
}

TEST(StunMessage, ReadsTheRequestItWrites) {
  const Buffer bytes = some_request();
  const auto message = parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->transaction, sample_transaction());
  EXPECT_EQ(message->username, "local:remote");
  EXPECT_THAT(message->priority, Optional(1853824767U));
  EXPECT_THAT(message->controlling, Optional(0x0123456789ABCDEFU));
  EXPECT_EQ(message->controlled, std::nullopt);
  EXPECT_TRUE(message->use_candidate);
  EXPECT_TRUE(message->has_fingerprint);
  EXPECT_TRUE(has_integrity(*message, kPassword));
}

TEST(StunMessage, ReadsTheAnswersItWrites) {
  for (const auto* const text : {"203.0.113.9:4242", "[2001:db8::7]:65535"}) {
    const SocketAddress mapped = *SocketAddress::parse(text);
    Buffer bytes(kMessageBytesMax);
    bytes.resize(write_success(bytes, sample_transaction(), mapped, kPassword));
    const auto message = parse(bytes);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->kind, Class::kSuccess);
    EXPECT_THAT(message->mapped_address, Optional(mapped));
    EXPECT_TRUE(has_integrity(*message, kPassword));
  }
}

TEST(StunMessage, NamesUnknownAttributesInAnError) {
  ErrorAnswer error{.code = 420, .unknown = {}};
  error.unknown.add(0x7001);
  error.unknown.add(0x7002);
  error.unknown.add(0x7003);
  Buffer bytes(kMessageBytesMax);
  bytes.resize(write_error(bytes, sample_transaction(), error, kPassword));
  const auto message = parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->kind, Class::kError);
  EXPECT_THAT(message->error_code, Optional(420));
  EXPECT_TRUE(has_integrity(*message, kPassword));
  EXPECT_NE(as_text(bytes).find(as_text(from_hex("000a0006 700170027003"))), std::string::npos);
}

/// The message with one attribute put in behind the header; lengths mended, signatures not.
Buffer with_attribute(const Buffer& message, std::string_view hex) {
  Buffer changed = message;
  const Buffer attribute = from_hex(hex);
  changed.insert(changed.begin() + 20, attribute.begin(), attribute.end());
  changed[3] = static_cast<std::byte>(changed.size() - 20);
  changed.resize(changed.size() - 8);  // Without FINGERPRINT, which is wrong now.
  changed[3] = static_cast<std::byte>(changed.size() - 20);
  return changed;
}

TEST(StunMessage, GathersUnknownComprehensionRequiredAttributesOnly) {
  const Buffer bytes = with_attribute(some_request(), "7F010004 00000000 FF010004 00000000");
  const auto message = parse(bytes);
  ASSERT_TRUE(message);
  ASSERT_EQ(message->unknown.count, 1U);
  EXPECT_EQ(message->unknown.types[0], 0x7F01);
}

TEST(StunMessage, IgnoresWhatFollowsMessageIntegrity) {
  Buffer bytes = written_request(
      {.transaction = sample_transaction(), .username = "a:b", .priority = 1, .controlling = 1});
  bytes.resize(bytes.size() - 8);
  const Buffer use_candidate = from_hex("00250000");
  bytes.insert(bytes.end(), use_candidate.begin(), use_candidate.end());
  bytes[3] = static_cast<std::byte>(bytes.size() - 20);
  const auto message = parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_FALSE(message->use_candidate);
  EXPECT_TRUE(has_integrity(*message, kPassword));
}

TEST(StunMessage, RefusesEachTruncation) {
  for (const Buffer& whole :
       {sample_request(), sample_v4_answer(), sample_v6_answer(), some_request()}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(parse(Bytes(whole).first(size))) << size;
      EXPECT_EQ(username_of(Bytes(whole).first(size)), std::nullopt) << size;
    }
  }
}

TEST(StunMessage, RefusesEachTruncationThatMendsItsLength) {
  const Buffer whole = some_request();
  for (std::size_t size = 20; size < whole.size(); size += 4) {
    Buffer shorter(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    shorter[3] = static_cast<std::byte>(size - 20);
    const auto message = parse(shorter);
    EXPECT_FALSE(message && message->has_fingerprint) << size;
  }
}

TEST(StunMessage, RefusesBytesBehindItsEnd) {
  Buffer longer = some_request();
  longer.resize(longer.size() + 4);
  EXPECT_EQ(parse(longer).error(), ParseError::kBadLength);
}

TEST(StunMessage, RefusesAnyChangedByte) {
  const Buffer whole = some_request();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Buffer changed = whole;
    changed[at] ^= std::byte{0x10};
    const auto message = parse(changed);
    EXPECT_FALSE(message && message->has_fingerprint && has_integrity(*message, kPassword)) << at;
  }
}

TEST(StunMessage, FindsWhoseUsernameItIs) {
  const Buffer request = some_request();
  EXPECT_THAT(username_of(request), Optional(std::string_view("local:remote")));
  EXPECT_THAT(local_ufrag_of(request), Optional(std::string_view("local")));
  EXPECT_EQ(username_of(sample_v4_answer()), std::nullopt);
  EXPECT_EQ(local_ufrag_of(written_request({.username = "no colon", .controlling = 1})),
            std::nullopt);
}

TEST(StunMessage, IsToldFromOthersByItsFirstBytes) {
  EXPECT_TRUE(looks_like_stun(some_request()));
  EXPECT_FALSE(looks_like_stun(from_hex("16fefd00 2112a442")));
  EXPECT_FALSE(looks_like_stun(from_hex("00010000 2112a4")));
}

TEST(StunMessage, WritesNothingWhereItDoesNotFit) {
  const Buffer whole = some_request();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Buffer into(size);
    EXPECT_EQ(write_request(into,
                            {.transaction = sample_transaction(),
                             .username = "local:remote",
                             .priority = 1853824767,
                             .controlling = 0x0123456789ABCDEF,
                             .use_candidate = true},
                            kPassword),
              0U);
  }
}

TEST(StunMessage, SurvivesGarbage) {
  Random random(7);
  for (int round = 0; round < 20'000; ++round) {
    Buffer bytes = some_request();
    for (int change = 0; change < 4; ++change) {
      bytes[random.next() % bytes.size()] = static_cast<std::byte>(random.next());
    }
    if (const auto message = parse(bytes)) {
      static_cast<void>(has_integrity(*message, kPassword));
    }
    static_cast<void>(local_ufrag_of(bytes));
  }
}

}  // namespace
}  // namespace visavis::stun
