#include "base/counter_sum.hpp"

#include <gtest/gtest.h>

namespace visavis {
namespace {

struct Two {
  std::uint64_t one = 0;
  std::uint64_t two = 0;
};
struct Nested {
  std::array<std::uint64_t, 2> list{};
  Two two{};
};
template <class Added>
struct TwoAnd : Two {
  Added added{};
};
template <class Added>
struct OneAnd {
  std::uint64_t one = 0;
  Added added{};
};
struct Halves {
  std::uint32_t one = 0;
  std::uint32_t two = 0;
};

TEST(CounterSum, AddsEachFieldToItsOwn) {
  const Two sum = counter_sum(Two{.one = 1, .two = 2}, Two{.one = 10, .two = 20});
  EXPECT_EQ(sum.one, 11U);
  EXPECT_EQ(sum.two, 22U);
  const Nested nested = counter_sum(Nested{.list = {1, 2}, .two = {.one = 3, .two = 4}},
                                    Nested{.list = {5, 6}, .two = {.one = 7, .two = 8}});
  EXPECT_EQ(nested.list[1], 8U);
  EXPECT_EQ(nested.two.two, 12U);
}

TEST(CounterSum, TakesNoStructWithAFieldThatIsNoCounter) {
  EXPECT_TRUE(kOnlyCounters<Two>);
  EXPECT_TRUE(kOnlyCounters<Nested>);
  EXPECT_TRUE(kOnlyCounters<OneAnd<std::uint64_t>>);
  EXPECT_FALSE(kOnlyCounters<OneAnd<double>>);
  EXPECT_FALSE(kOnlyCounters<OneAnd<std::int64_t>>);
  EXPECT_FALSE(kOnlyCounters<OneAnd<bool>>);
  EXPECT_FALSE(kOnlyCounters<OneAnd<const char*>>);
  EXPECT_FALSE(kOnlyCounters<OneAnd<std::uint32_t>>);
  EXPECT_FALSE(kOnlyCounters<OneAnd<Halves>>);
  EXPECT_FALSE(kOnlyCounters<TwoAnd<double>>);
  EXPECT_FALSE(kOnlyCounters<Halves>);
}

}  // namespace
}  // namespace visavis
