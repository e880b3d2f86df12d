#include "json/writer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace visavis::json {
namespace {

std::string written(double number) {
  std::string text;
  append_number(text, number);
  return text;
}

std::string written(std::string_view string) {
  std::string text;
  append_string(text, string);
  return text;
}

TEST(Writer, PutsCommasWhereTheyBelong) {
  Writer writer;
  writer.begin_object().member("ok", true).key("list").begin_array();
  writer.number(1).begin_object().end_object().begin_array().end_array().string("x").null();
  writer.end_array().member("n", 2.5).member("none", nullptr).member("raw", Raw{"[1, 2]"});
  writer.member("value", *parse("{\"a\" : 1}")).end_object();
  EXPECT_EQ(std::move(writer).text(),
            R"({"ok":true,"list":[1,{},[],"x",null],"n":2.5,"none":null,"raw":[1, 2],)"
            R"("value":{"a" : 1}})");
}

TEST(Writer, EscapesAsJsonStringifyDoes) {
  EXPECT_EQ(written("plain ünï 😀 \x7f /"), "\"plain ünï 😀 \x7f /\"");
  EXPECT_EQ(written("\"\\\b\f\n\r\t"), R"("\"\\\b\f\n\r\t")");
  EXPECT_EQ(written(std::string_view("\0\x1f", 2)), R"("\u0000\u001f")");
  EXPECT_EQ(written("\xE2\x80\xA8"), "\"\xE2\x80\xA8\"");
}

TEST(Writer, EscapesSurrogatesWithoutAPartner) {
  EXPECT_EQ(written("\xED\xA0\x80"), R"("\ud800")");
  EXPECT_EQ(written("\xED\xB8\x80\xED\xA0\xBD"), R"("\ude00\ud83d")");
  EXPECT_EQ(written("\xED\xA0\xBD\xED\xB8\x80"), "\"😀\"");
}

TEST(Writer, ReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(written("a\xFF\xC3z"), "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\"");
}

TEST(Writer, WritesNumbersAsJavaScriptDoes) {
  EXPECT_EQ(written(0.0), "0");
  EXPECT_EQ(written(-0.0), "0");
  EXPECT_EQ(written(1.0), "1");
  EXPECT_EQ(written(-1.5), "-1.5");
  EXPECT_EQ(written(0.1), "0.1");
  EXPECT_EQ(written(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(written(1e20), "100000000000000000000");
  EXPECT_EQ(written(1e21), "1e+21");
  EXPECT_EQ(written(1.5e300), "1.5e+300");
  EXPECT_EQ(written(0.000001), "0.000001");
  EXPECT_EQ(written(0.0000001), "1e-7");
  EXPECT_EQ(written(1.25e-7), "1.25e-7");
  EXPECT_EQ(written(123456.789), "123456.789");
  EXPECT_EQ(written(5e-324), "5e-324");
  EXPECT_EQ(written(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(written(9007199254740993.0), "9007199254740992");
  EXPECT_EQ(written(HUGE_VAL), "null");
  EXPECT_EQ(written(std::nan("")), "null");
}

TEST(Writer, WritesIntegersOfEveryWidthInFull) {
  Writer writer;
  writer.begin_array().value(std::uint8_t{255}).value(-1).value(std::uint64_t{1} << 63U);
  writer.value(std::numeric_limits<std::int64_t>::min()).end_array();
  EXPECT_EQ(writer.text(), "[255,-1,9223372036854775808,-9223372036854775808]");
}

TEST(Writer, RewritesAValueWithoutItsSpacesAndRepeatedNames) {
  Writer writer;
  writer.rewritten(*parse(R"( { "\u0061" : [ 1.0 , "\/\ud800" ] , "b" : 1 , "b" : null } )"));
  EXPECT_EQ(writer.text(), R"({"a":[1,"/\ud800"],"b":null})");
}

}  // namespace
}  // namespace visavis::json
