#include "websocket/deflate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/random.hpp"

namespace visavis::websocket {
namespace {

Buffer bytes_of(std::initializer_list<unsigned> values) {
  Buffer bytes;
  for (const unsigned value : values) {
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

class DeflateTest : public testing::Test {
 protected:
  std::string inflated(Bytes bytes) {
    const auto message = inflater_.decompress(bytes, 1000);
    return message ? std::string(as_text(*message)) : "refused";
  }

  Deflater deflater_;
  Inflater inflater_;
};

TEST_F(DeflateTest, WhatIsCompressedComesBack) {
  Random random(3);
  for (const std::size_t size : {0U, 1U, 5U, 1000U, 100'000U}) {
    for (const unsigned spread : {1U, 7U, 255U}) {
      Buffer message(size);
      for (std::byte& byte : message) {
        byte = static_cast<std::byte>(random.next() & spread);
      }
      const Buffer compressed = deflater_.compress(message);
      const auto back = inflater_.decompress(compressed, size);
      ASSERT_TRUE(back) << size << " " << spread;
      EXPECT_EQ(*back, message);
    }
  }
}

TEST_F(DeflateTest, TheSpecificationsExamplesAreRead) {  // RFC 7692 §7.2.3
  EXPECT_EQ(inflated(bytes_of({0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00})), "Hello");
  EXPECT_EQ(inflated(bytes_of({0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00})),
            "Hello");
  EXPECT_EQ(inflated(bytes_of({0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00})), "Hello");
  EXPECT_EQ(inflated(bytes_of(
                {0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00})),
            "Hello");
  EXPECT_EQ(inflated(bytes_of({0x00})), "");
}

TEST_F(DeflateTest, EveryMessageStandsAlone) {
  const Buffer first = deflater_.compress(as_bytes("the same words, the same words"));
  const Buffer second = deflater_.compress(as_bytes("the same words, the same words"));
  EXPECT_EQ(first, second);
}

TEST_F(DeflateTest, ABombIsRefusedBeforeItGrows) {
  const Buffer bomb = deflater_.compress(Buffer(50'000'000));
  EXPECT_LT(bomb.size(), 60'000U);
  const auto message = inflater_.decompress(bomb, 1'000'000);
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error(), Inflater::Failure::kTooBig);
}

TEST_F(DeflateTest, TheLimitIsExact) {
  const Buffer message(20'000, std::byte{'x'});
  const Buffer compressed = deflater_.compress(message);
  EXPECT_TRUE(inflater_.decompress(compressed, 20'000));
  EXPECT_FALSE(inflater_.decompress(compressed, 19'999));
}

TEST_F(DeflateTest, CorruptBytesAreRefusedAndHarmNothingAfter) {
  const auto corrupt = inflater_.decompress(bytes_of({0xFF, 0xFF, 0xFF}), 1000);
  ASSERT_FALSE(corrupt);
  EXPECT_EQ(corrupt.error(), Inflater::Failure::kCorrupt);
  EXPECT_EQ(inflated(deflater_.compress(as_bytes("fine"))), "fine");
}

constexpr std::string_view kAnswer =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

TEST(DeflateOfferTest, BrowsersAndNodesOffersAreAccepted) {
  EXPECT_EQ(accept_deflate_offer("permessage-deflate; client_max_window_bits"), kAnswer);
  EXPECT_EQ(accept_deflate_offer("permessage-deflate"), kAnswer);
  EXPECT_EQ(accept_deflate_offer("x-webkit-deflate-frame, permessage-deflate;"
                                 "client_max_window_bits=\"10\" ; server_no_context_takeover"),
            kAnswer);
}

TEST(DeflateOfferTest, ASmallerWindowIsDeclinedForTheNextOffer) {
  EXPECT_EQ(accept_deflate_offer("permessage-deflate; server_max_window_bits=10"), std::nullopt);
  EXPECT_EQ(accept_deflate_offer("permessage-deflate; server_max_window_bits=10, "
                                 "permessage-deflate"),
            kAnswer);
  EXPECT_EQ(accept_deflate_offer("permessage-deflate; server_max_window_bits=15"),
            std::string(kAnswer) + "; server_max_window_bits=15");
}

TEST(DeflateOfferTest, MalformedOffersAreDeclined) {
  for (const char* offer :
       {"", "deflate", "permessage-deflate; x", "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; client_max_window_bits; client_max_window_bits",
        "permessage-deflate; server_max_window_bits", "permessage-deflate;;"}) {
    EXPECT_EQ(accept_deflate_offer(offer), std::nullopt) << offer;
  }
}

TEST(DeflateOfferTest, AClientSeesWhetherItWasAgreed) {
  EXPECT_TRUE(deflate_was_agreed(*accept_deflate_offer(deflate_offer())));
  EXPECT_FALSE(deflate_was_agreed(""));
  EXPECT_FALSE(deflate_was_agreed("permessage-deflate"));
}

}  // namespace
}  // namespace visavis::websocket
