#include "base/utf8.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace visavis {
namespace {

bool valid(std::string_view text) {
  return is_utf8(as_bytes(text));
}

/// By the rules of RFC 3629 §3, the slow way.
std::string encoded(std::uint32_t point) {
  const auto tail = [&](unsigned shift) {
    return static_cast<char>(0x80U | ((point >> shift) & 0x3FU));
  };
  if (point < 0x80) {
    return {static_cast<char>(point)};
  }
  if (point < 0x800) {
    return {static_cast<char>(0xC0U | (point >> 6U)), tail(0)};
  }
  if (point < 0x10000) {
    return {static_cast<char>(0xE0U | (point >> 12U)), tail(6), tail(0)};
  }
  return {static_cast<char>(0xF0U | (point >> 18U)), tail(12), tail(6), tail(0)};
}

TEST(Utf8Test, EveryCodePointButSurrogatesIsValid) {
  for (std::uint32_t point = 0; point < 0x110000; ++point) {
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    ASSERT_EQ(valid(encoded(point)), !surrogate) << point;
  }
  EXPECT_FALSE(valid(encoded(0x110000)));
}

TEST(Utf8Test, EveryTruncatedSequenceIsInvalid) {
  for (const std::uint32_t point : {0x80U, 0x800U, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
    const std::string text = encoded(point);
    for (std::size_t size = 1; size < text.size(); ++size) {
      EXPECT_FALSE(valid(text.substr(0, size)));
      EXPECT_FALSE(valid(text.substr(0, size) + "12345678"));
    }
  }
}

TEST(Utf8Test, LongFormsAndStrayBytesAreInvalid) {
  for (const char* text : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF",
                           "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_FALSE(valid(text)) << text;
  }
}

TEST(Utf8Test, ABadByteIsFoundWhereverItStands) {
  for (std::size_t at = 0; at < 33; ++at) {
    std::string text(33, 'a');
    EXPECT_TRUE(valid(text));
    text[at] = '\xFE';
    EXPECT_FALSE(valid(text)) << at;
  }
}

}  // namespace
}  // namespace visavis
