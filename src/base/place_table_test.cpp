#include "base/place_table.hpp"

#include <gtest/gtest.h>

#include "base/strong.hpp"

namespace visavis {
namespace {

using Key = Strong<struct KeyMeaning, std::uint64_t>;

struct Thing {
  Key its_key;
  int value = 0;

  [[nodiscard]] Key key() const { return its_key; }
};

class PlaceTableTest : public testing::Test {
 protected:
  Key put(int value) {
    const Key key(keys_.take());
    table_.insert(std::make_unique<Thing>(Thing{.its_key = key, .value = value}));
    return key;
  }

  PlaceKeys keys_;
  PlaceTable<Thing> table_;
};

TEST_F(PlaceTableTest, FindsWhatItWasGivenAndNothingElse) {
  const Key first = put(1);
  const Key second = put(2);
  EXPECT_EQ(table_.find(first)->value, 1);
  EXPECT_EQ(table_.find(second)->value, 2);
  EXPECT_EQ(table_.find(Key(keys_.take())), nullptr);
  EXPECT_EQ(table_.size(), 2U);
}

TEST_F(PlaceTableTest, AnOldKeyDoesNotFindWhoHasItsPlaceNow) {
  const Key old = put(1);
  EXPECT_EQ(table_.extract(old)->value, 1);
  keys_.give_back(old.value());
  const Key next = put(2);
  EXPECT_EQ(place_of(next.value()), place_of(old.value()));
  EXPECT_EQ(table_.find(old), nullptr);
  EXPECT_EQ(table_.extract(old), nullptr);
  EXPECT_EQ(table_.find(next)->value, 2);
  EXPECT_EQ(table_.size(), 1U);
}

TEST_F(PlaceTableTest, LaterKeysAreGreaterAlsoInAnEarlierPlace) {
  const Key first = put(1);
  const Key second = put(2);
  static_cast<void>(table_.extract(first));
  keys_.give_back(first.value());
  EXPECT_GT(put(3), second);
}

TEST_F(PlaceTableTest, KeysThatCountUpDoAsWell) {
  for (std::uint64_t number = 1; number <= 1000; ++number) {
    table_.insert(std::make_unique<Thing>(Thing{.its_key = Key(number), .value = 7}));
    ASSERT_NE(table_.extract(Key(number)), nullptr);
  }
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(PlaceTableTest, VisitsAllInTheOrderOfTheirPlaces) {
  static_cast<void>(put(1));
  const Key middle = put(2);
  static_cast<void>(put(3));
  static_cast<void>(table_.extract(middle));
  std::vector<int> seen;
  table_.visit([&](const Thing& thing) { seen.push_back(thing.value); });
  EXPECT_EQ(seen, (std::vector{1, 3}));
}

}  // namespace
}  // namespace visavis
