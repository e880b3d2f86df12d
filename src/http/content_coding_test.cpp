#include "http/content_coding.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <string>

namespace visavis::http {
namespace {

constexpr std::array kOffered = {Coding::kBrotli, Coding::kGzip, Coding::kDeflate};

std::string chosen(std::string_view accept_encoding) {
  const auto coding = choose_coding(accept_encoding, kOffered);
  return coding ? std::string(to_string(*coding)) : "none";
}

/// What zlib makes of it, whichever of its formats it is.
std::string unpacked(Bytes packed) {
  std::string text(100'000, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 32), Z_OK);
  Buffer copy(packed.begin(), packed.end());
  stream.next_in = as_u8(MutableBytes(copy));
  stream.avail_in = static_cast<uInt>(copy.size());
  stream.next_out = as_u8(MutableBytes(std::as_writable_bytes(std::span(text))));
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(text.size() - stream.avail_out);
  inflateEnd(&stream);
  return text;
}

TEST(ContentCodingTest, TheWeightDecidesThenTheClientsOrder) {
  EXPECT_EQ(chosen("gzip, deflate, br"), "gzip");
  EXPECT_EQ(chosen("deflate, gzip"), "deflate");
  EXPECT_EQ(chosen("gzip;q=0.5, deflate;q=0.8"), "deflate");
  EXPECT_EQ(chosen("gzip;q=0.501, deflate;q=0.5, br;q=0.51"), "br");
  EXPECT_EQ(chosen(" GZIP ; Q=1 "), "gzip");
}

TEST(ContentCodingTest, AStarSpeaksForThoseThatAreNotNamed) {
  EXPECT_EQ(chosen("*"), "br");
  EXPECT_EQ(chosen("*, br;q=0"), "gzip");
  EXPECT_EQ(chosen("br;q=0, *;q=0.1"), "gzip");
  EXPECT_EQ(chosen("*;q=0, deflate"), "deflate");
}

TEST(ContentCodingTest, WithoutAWishNothingIsPacked) {
  for (const std::string_view field :
       {"", "identity", "gzip;q=0", "gzip;q=0.000", "zstd", ",,;", "gzip;q=x", "gzip;q=0.5000"}) {
    EXPECT_EQ(chosen(field), "none") << field;
  }
}

TEST(PackerTest, WhatIsPackedComesBackInBothFormats) {
  Packer packer;
  for (const std::size_t size : {0U, 1U, 1000U, 90'000U}) {
    std::string text;
    while (text.size() < size) {
      text += "some text " + std::to_string(text.size());
    }
    for (const Coding coding : {Coding::kGzip, Coding::kDeflate, Coding::kGzip}) {
      const Buffer packed = packer.pack(coding, as_bytes(text));
      EXPECT_EQ(packed[0], coding == Coding::kGzip ? std::byte{0x1F} : std::byte{0x78});
      EXPECT_EQ(unpacked(packed), text);
      EXPECT_TRUE(size < 1000 || packed.size() < text.size() / 2);
    }
  }
}

}  // namespace
}  // namespace visavis::http
