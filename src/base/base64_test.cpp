#include "base/base64.hpp"

#include <gtest/gtest.h>

namespace visavis {
namespace {

TEST(Base64, AgreesWithTheVectorsOfRfc4648) {  // §10
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), encoded);
    EXPECT_EQ(from_base64(encoded), to_buffer(plain));
  }
}

TEST(Base64, ADigitIsOneOfTheAlphabets) {
  for (const char letter : std::string_view("AZaz09+/")) {
    EXPECT_TRUE(is_base64_digit(letter)) << letter;
  }
  for (const char letter : std::string_view("=-_ \x80@[`{.:")) {
    EXPECT_FALSE(is_base64_digit(letter)) << letter;
  }
}

TEST(Base64, MissingPaddingIsTolerated) {
  EXPECT_EQ(from_base64("Zg"), to_buffer(std::string_view("f")));
}

TEST(Base64, OtherLettersAreRefused) {
  EXPECT_FALSE(from_base64("Zm9v!A=="));
  EXPECT_FALSE(from_base64("Z"));
  EXPECT_FALSE(from_base64("===="));
}

}  // namespace
}  // namespace visavis
