#include "json/value.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace visavis::json {
namespace {

using testing::ElementsAre;

TEST(Value, IsNullWhenDefaultAndReadsAsEmpty) {
  const Value none;
  EXPECT_TRUE(none.is_null());
  EXPECT_EQ(none.raw(), "null");
  EXPECT_EQ(none.size(), 0U);
  EXPECT_TRUE(none["a"].at(3)["b"].is_null());
  EXPECT_EQ(none.as_string("otherwise"), "otherwise");
  EXPECT_EQ(none.as_integer(), std::nullopt);
}

TEST(Value, KeepsItsTextAlive) {
  Value inner;
  {
    const std::string text = R"({"name":"a long enough name to live on the heap"})";
    inner = parse(text)->operator[]("name");
  }
  EXPECT_EQ(inner.as_string(), "a long enough name to live on the heap");
}

TEST(Value, GivesTheTextOfEachPartAsItCame) {
  const Value value = *parse(R"( {"a": [1, "\u0041" ], "b":{ "c" :1.50} } )");
  EXPECT_EQ(value.raw(), R"({"a": [1, "\u0041" ], "b":{ "c" :1.50} })");
  EXPECT_EQ(value["a"].raw(), R"([1, "\u0041" ])");
  EXPECT_EQ(value["a"].at(1).raw(), R"("\u0041")");
  EXPECT_EQ(value["b"]["c"].raw(), "1.50");
}

TEST(Value, WalksMembersAndElementsInOrder) {
  const Value value = *parse(R"({"z":[1,2,3],"a":"x"})");
  std::vector<std::string> keys;
  for (const auto& [key, member] : value.members()) {
    keys.emplace_back(key);
  }
  EXPECT_THAT(keys, ElementsAre("z", "a"));
  std::vector<double> numbers;
  for (const Value element : value["z"].elements()) {
    numbers.push_back(element.as_number());
  }
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3));
  EXPECT_EQ(value.elements().begin(), value.elements().end());
  EXPECT_EQ(value["z"].members().begin(), value["z"].members().end());
}

TEST(Value, IsAnIntegerOnlyWhenInt64HoldsItExactly) {
  EXPECT_EQ(parse("5")->as_integer(), 5);
  EXPECT_EQ(parse("-3.0")->as_integer(), -3);
  EXPECT_EQ(parse("1e3")->as_integer(), 1000);
  EXPECT_EQ(parse("0.5")->as_integer(), std::nullopt);
  EXPECT_EQ(parse("9223372036854775808")->as_integer(), std::nullopt);
  EXPECT_EQ(parse("1e400")->as_integer(), std::nullopt);
  EXPECT_EQ(parse("\"5\"")->as_integer(), std::nullopt);
}

TEST(Value, FindsNamesThatCameEscaped) {
  const Value value = *parse(R"({"\u006eame":1,"":2})");
  EXPECT_EQ(value["name"].as_number(), 1);
  EXPECT_EQ(value[""].as_number(), 2);
  EXPECT_FALSE(value.find("other"));
  EXPECT_TRUE(parse("[1]")->find("0") == std::nullopt);
}

}  // namespace
}  // namespace visavis::json
