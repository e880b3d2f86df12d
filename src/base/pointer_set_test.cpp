#include "base/pointer_set.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>

namespace visavis {
namespace {

struct Thing {
  std::string name;
};
/// Few values, so that many objects want the same place.
struct Hash {
  std::size_t operator()(std::string_view name) const {
    return std::hash<std::string_view>{}(name) % 23;
  }
  std::size_t operator()(const Thing& thing) const { return (*this)(std::string_view(thing.name)); }
};
struct Same {
  bool operator()(const Thing& thing, std::string_view name) const { return thing.name == name; }
};

TEST(PointerSet, AnEmptyOneFindsNothing) {
  const PointerSet<Thing, Hash, Same> set;
  EXPECT_EQ(set.find("a"), nullptr);
  EXPECT_EQ(set.size(), 0U);
}

TEST(PointerSet, KeepsWhatAMapKeepsThroughAnyOrderOfComingAndGoing) {
  PointerSet<Thing, Hash, Same> set;
  std::map<std::string, std::unique_ptr<Thing>> expected;
  std::mt19937 chance(7);
  for (int step = 0; step < 20'000; ++step) {
    const std::string name = std::to_string(chance() % 200);
    if (const auto found = expected.find(name); found != expected.end()) {
      ASSERT_EQ(set.find(name), found->second.get());
      set.erase(*found->second);
      expected.erase(found);
    } else {
      ASSERT_EQ(set.find(name), nullptr);
      auto thing = std::make_unique<Thing>(Thing{name});
      set.insert(*thing);
      expected.emplace(name, std::move(thing));
    }
    ASSERT_EQ(set.size(), expected.size());
  }
  for (const auto& [name, thing] : expected) {
    EXPECT_EQ(set.find(name), thing.get());
  }
}

}  // namespace
}  // namespace visavis
