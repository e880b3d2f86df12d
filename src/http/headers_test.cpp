#include "http/headers.hpp"

#include <gtest/gtest.h>

#include "http/query.hpp"

namespace visavis::http {
namespace {

TEST(HeadersTest, NamesCompareWithoutCaseAndTheFirstValueIsFound) {
  Headers headers;
  headers.add("Accept", "a");
  headers.add("ACCEPT", "b");
  EXPECT_EQ(headers.find("accept"), "a");
  EXPECT_EQ(headers.count("aCCept"), 2U);
  EXPECT_EQ(headers.find("Accep"), std::nullopt);
}

TEST(HeadersTest, SetReplacesAllOfTheName) {
  Headers headers;
  headers.add("Vary", "a");
  headers.add("vary", "b");
  headers.set("VARY", "c");
  EXPECT_EQ(headers.size(), 1U);
  EXPECT_EQ(headers.find("vary"), "c");
}

TEST(HeadersTest, StandInTheirOrderAlsoWhenOneBetweenHasGone) {
  Headers headers;
  headers.add("A", "1");
  headers.add("B", "");
  headers.add("", "3");
  headers.remove("b");
  headers.add("D", "4");
  std::string all;
  for (const Headers::Field field : headers) {
    all += std::string(field.name) + "=" + std::string(field.value) + ";";
  }
  EXPECT_EQ(all, "A=1;=3;D=4;");
  EXPECT_EQ(headers.size(), 3U);
  EXPECT_EQ(headers.written_bytes(), std::string_view("A: 1\r\n: 3\r\nD: 4\r\n").size());
  headers.clear();
  EXPECT_EQ(headers.size(), 0U);
  EXPECT_EQ(headers.begin(), headers.end());
}

TEST(HeadersTest, ATokenIsFoundInListsOverSeveralFields) {
  Headers headers;
  headers.add("Connection", "keep-alive ,\tUpgrade");
  headers.add("Connection", "close");
  EXPECT_TRUE(headers.has_token("connection", "upgrade"));
  EXPECT_TRUE(headers.has_token("connection", "CLOSE"));
  EXPECT_FALSE(headers.has_token("connection", "keep"));
  EXPECT_FALSE(headers.has_token("connection", ""));
}

TEST(QueryTest, IsTakenApartAsAForm) {
  using Parameters = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(parse_query("a=1&b=%41+x&&c&=d&a=2"),
            (Parameters{{"a", "1"}, {"b", "A x"}, {"c", ""}, {"", "d"}, {"a", "2"}}));
  EXPECT_EQ(parse_query(""), Parameters{});
}

TEST(QueryTest, PercentSignsWithoutDigitsStay) {
  EXPECT_EQ(parse_query("a=%")[0].second, "%");
  EXPECT_EQ(parse_query("a=%4")[0].second, "%4");
  EXPECT_EQ(parse_query("a=%zz%4a")[0].second, "%zzJ");
}

TEST(Segment, IsDecodedStrictlyAndPlusIsPlus) {
  EXPECT_EQ(decode_segment("a+%41%2f%c3%A9"), "a+A/\xC3\xA9");
  EXPECT_EQ(decode_segment(""), "");
  for (const char* cut : {"%", "a%4", "%4g", "%%41"}) {
    EXPECT_EQ(decode_segment(cut), std::nullopt) << cut;
  }
}

}  // namespace
}  // namespace visavis::http
