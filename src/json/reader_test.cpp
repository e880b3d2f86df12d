#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "json/value.hpp"

namespace visavis::json {
namespace {

using testing::ElementsAre;

ParseError error_of(std::string_view text) {
  const auto parsed = parse(text);
  EXPECT_FALSE(parsed) << text;
  return parsed ? ParseError{} : parsed.error();
}

Value value_of(std::string_view text) {
  const auto parsed = parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Value());
}

TEST(Reader, ReadsEveryTypeOfValue) {
  EXPECT_TRUE(value_of("null").is_null());
  EXPECT_TRUE(value_of("true").as_bool());
  EXPECT_FALSE(value_of("false").as_bool(true));
  EXPECT_EQ(value_of(" -12.5e1\n").as_number(), -125);
  EXPECT_EQ(value_of(R"("caf\u00e9")").as_string(), "café");
  EXPECT_EQ(value_of("[1,[],{}]").size(), 3U);
  EXPECT_EQ(value_of(R"({"a":{"b":[true]}})")["a"]["b"].at(0).as_bool(), true);
}

TEST(Reader, RefusesEachTruncationOfAText) {
  const std::string text = R"({"a":[1.5e+3,true,null,"x\u00e9\ud83d\ude00\n"],"ü":{}})";
  ASSERT_TRUE(parse(text));
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(parse(std::string_view(text).substr(0, size))) << size;
  }
}

TEST(Reader, RefusesWhatJavaScriptRefuses) {
  for (const std::string_view text :
       {"",         " ",         "[1,]",        "{\"a\":1,}", "[,1]",
        "{,}",      "01",        "1.",          ".5",         "+1",
        "-",        "1e",        "1e+",         "0x1",        "NaN",
        "Infinity", "nul",       "nullx",       "True",       "'a'",
        "\"a",      "\"\\x41\"", "\"\\u12g4\"", "\"\\u12\"",  "\"a\tb\"",
        "\"a\nb\"", "{a:1}",     "{1:1}",       "{\"a\"}",    "{\"a\" 1}",
        "[1 2]",    "[1}",       "1 2",         "[]]",        "\xEF\xBB\xBF[]",
        "[1]\v",    "//\n1"}) {
    EXPECT_EQ(error_of(text), ParseError::kSyntax) << text;
  }
  EXPECT_EQ(error_of(std::string_view("\"\0\"", 3)), ParseError::kSyntax);
  EXPECT_EQ(error_of(std::string_view("1\0", 2)), ParseError::kSyntax);
}

TEST(Reader, RefusesInvalidUtf8) {
  for (const std::string_view text :
       {"\"\x80\"", "\"\xC0\xAF\"", "\"\xE0\x80\x80\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"",
        "\"\xF8\x88\x80\x80\x80\"", "\"\xC3\"", "\"\xE2\x82\"", "\"\xFF\""}) {
    EXPECT_EQ(error_of(text), ParseError::kInvalidUtf8);
  }
}

TEST(Reader, KeepsSurrogatesWithoutAPartnerApart) {
  EXPECT_EQ(value_of(R"("\ud800")").as_string(), "\xED\xA0\x80");
  EXPECT_EQ(value_of(R"("\ud83d\ude00")").as_string(), "😀");
  EXPECT_EQ(value_of(R"("\ude00\ud83d")").as_string(), "\xED\xB8\x80\xED\xA0\xBD");
  EXPECT_EQ(value_of(R"("\ud83dx")").as_string(), "\xED\xA0\xBDx");
  EXPECT_EQ(value_of(R"("\ud83d\ud83d\ude00")").as_string(), "\xED\xA0\xBD😀");
  EXPECT_EQ(error_of(R"("\ud83d\u12")"), ParseError::kSyntax);
}

TEST(Reader, MakesDoublesOfAllNumbersAsJavaScriptDoes) {
  EXPECT_EQ(value_of("9007199254740993").as_number(), 9007199254740992.0);
  EXPECT_EQ(value_of("123456789012345678901234567890").as_number(),
            123456789012345678901234567890.0);
  EXPECT_EQ(value_of("1e400").as_number(), HUGE_VAL);
  EXPECT_EQ(value_of("-1e400").as_number(), -HUGE_VAL);
  EXPECT_EQ(value_of("1e99999999999999999999999").as_number(), HUGE_VAL);
  EXPECT_EQ(value_of("1e-99999999999999999999999").as_number(), 0);
  EXPECT_EQ(value_of("0e99999").as_number(), 0);
  EXPECT_EQ(value_of("12345e9223372036854775807").as_number(), HUGE_VAL);
  EXPECT_EQ(value_of("1e-400").as_number(), 0);
  EXPECT_EQ(value_of("5e-324").as_number(), 5e-324);
  EXPECT_EQ(value_of("2e-324").as_number(), 0);
  EXPECT_EQ(value_of("3e-324").as_number(), 5e-324);
  EXPECT_TRUE(std::signbit(value_of("-0").as_number()));
  EXPECT_TRUE(std::signbit(value_of("-1e-400").as_number()));
  EXPECT_EQ(value_of("1" + std::string(400, '0')).as_number(), HUGE_VAL);
  EXPECT_EQ(value_of("0." + std::string(400, '0') + "1").as_number(), 0);
  EXPECT_EQ(value_of("0." + std::string(400, '0') + "1e401").as_number(), 1);
}

TEST(Reader, GivesARepeatedNameItsLastValueInTheFirstPlace) {
  const Value value = value_of(R"({"a":1,"b":2,"\u0061":3,"c":4,"b":5,"a":6})");
  EXPECT_EQ(value.size(), 3U);
  EXPECT_THAT((std::vector{value.key_at(0), value.key_at(1), value.key_at(2)}),
              ElementsAre("a", "b", "c"));
  EXPECT_EQ(value["a"].as_number(), 6);
  EXPECT_EQ(value["b"].as_number(), 5);
  EXPECT_EQ(value["c"].as_number(), 4);
}

TEST(Reader, StopsAtTheDepthLimitAndNotBefore) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse(nested(kDepthMax)));
  EXPECT_EQ(error_of(nested(kDepthMax + 1)), ParseError::kTooDeep);
  EXPECT_EQ(error_of(std::string(1'000'000, '[')), ParseError::kTooDeep);
  std::string objects;
  for (std::size_t i = 0; i <= kDepthMax; ++i) {
    objects += R"({"a":)";
  }
  EXPECT_EQ(error_of(objects), ParseError::kTooDeep);
}

}  // namespace
}  // namespace visavis::json
