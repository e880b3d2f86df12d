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

/// By a number, under a key of its own.
struct Numbered {
  int number;
};
struct KeyedHash {
  std::size_t key = 0;
  std::size_t operator()(int number) const { return static_cast<std::size_t>(number) * key; }
  std::size_t operator()(const Numbered& of) const { return (*this)(of.number); }
};
struct SameNumber {
  bool operator()(const Numbered& of, int number) const { return of.number == number; }
};

TEST(PointerSet, HashesWithTheKeyItWasGivenAndTakesAnyName) {
  // 0 wants all in one place; the others differ in where they wrap around.
  for (const std::size_t key : {0U, 1U, 0x9E37'79B9U, 0xFFFF'FFFFU}) {
    PointerSet<Numbered, KeyedHash, SameNumber, 50> set{KeyedHash{key}};
    set.prefetch(1);  // Of nothing.
    std::vector<std::unique_ptr<Numbered>> all;
    for (int number = 0; number < 300; ++number) {
      all.push_back(std::make_unique<Numbered>(Numbered{number}));
      set.insert(*all.back());
    }
    for (int number = 0; number < 300; number += 2) {
      set.erase(*all[static_cast<std::size_t>(number)]);
    }
    for (int number = 0; number < 310; ++number) {
      set.prefetch(number);
      Numbered* const expected =
          number < 300 && number % 2 == 1 ? all[static_cast<std::size_t>(number)].get() : nullptr;
      ASSERT_EQ(set.find(number), expected) << key;
    }
    EXPECT_EQ(set.size(), 150U);
  }
}

}  // namespace
}  // namespace visavis
