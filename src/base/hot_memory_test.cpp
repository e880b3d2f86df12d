#include "base/hot_memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "base/prefetch.hpp"
#include "base/random.hpp"

namespace visavis {
namespace {

struct Small : InHotMemory {
  explicit Small(int of) : value(of) {}
  int value;
};
struct alignas(kCacheLineBytes) Aligned : InHotMemory {
  std::uint64_t values[20] = {};  // NOLINT(*-avoid-c-arrays): its size is all that counts.
};
/// Freed by its base, it must be known by its own size.
struct Base : InHotMemory {
  virtual ~Base() = default;
};
struct Derived final : Base {
  Aligned inside;
};

std::size_t up_to(Random& random, std::size_t end) {
  return static_cast<std::size_t>(random.next()) % end;
}

TEST(HotMemory, HoldsObjectsOfAnySizeApartAndOnLines) {
  Random random(3);
  struct Block {
    std::size_t size;
    std::byte* place;
    std::byte filling;
  };
  std::vector<Block> blocks;
  for (int step = 0; step < 20'000; ++step) {
    if (blocks.size() < 300 || up_to(random, 2) == 0) {
      const std::size_t size = 1 + up_to(random, 6'000);  // Above 4 KB the general allocator's too.
      auto* const place = static_cast<std::byte*>(hot_memory().allocate(size, kCacheLineBytes));
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(place) % kCacheLineBytes, 0U);
      blocks.push_back({size, place, static_cast<std::byte>(random.next())});
      std::memset(place, std::to_integer<int>(blocks.back().filling), size);
    } else {
      std::swap(blocks[up_to(random, blocks.size())], blocks.back());
      const Block block = blocks.back();
      ASSERT_TRUE(std::all_of(block.place, block.place + block.size,
                              [&](std::byte byte) { return byte == block.filling; }));
      hot_memory().deallocate(block.place, block.size, kCacheLineBytes);
      blocks.pop_back();
    }
  }
  for (const Block& block : blocks) {
    hot_memory().deallocate(block.place, block.size, kCacheLineBytes);
  }
}

TEST(HotMemory, ObjectsCanBeFreedByTheirBaseAndByAnotherThread) {
  std::vector<std::unique_ptr<Base>> many;
  for (int index = 0; index < 100; ++index) {
    many.push_back(index % 2 == 0 ? std::make_unique<Derived>() : std::make_unique<Base>());
  }
  std::jthread([&many] { many.clear(); }).join();
  const auto small = std::make_unique<Small>(7);
  const auto aligned = std::make_unique<Aligned>();
  EXPECT_EQ(small->value, 7);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(aligned.get()) % kCacheLineBytes, 0U);
}

TEST(HotMemory, ServesAVector) {
  std::vector<int, HotAllocator<int>> numbers;
  for (int number = 0; number < 5'000; ++number) {
    numbers.push_back(number);
  }
  const auto copy = numbers;
  EXPECT_EQ(copy.back(), 4'999);
  EXPECT_EQ(copy, numbers);
}

#ifndef VISAVIS_PLAIN_MEMORY

TEST(HotMemory, ObjectsThatAreMadeInTurnLieSideBySide) {
  std::size_t neighbours = 0;
  std::jthread([&neighbours] {  // Of a thread that has had none: nothing has come back.
    std::vector<std::unique_ptr<Aligned>> many;
    for (int index = 0; index < 1'000; ++index) {
      many.push_back(std::make_unique<Aligned>());
      const std::byte* const place = reinterpret_cast<std::byte*>(many.back().get());
      const auto* const before =
          index == 0 ? nullptr : reinterpret_cast<std::byte*>(many[many.size() - 2].get());
      neighbours += before != nullptr && before + sizeof(Aligned) == place ? 1U : 0U;
    }
  })
      .join();
  EXPECT_EQ(neighbours, 999U);
}

TEST(HotMemory, WhatComesBackIsUsedAgainAndCounted) {
  const HotMemoryUse before = hot_memory_use();
  auto first = std::make_unique<Aligned>();
  const Aligned* const place = first.get();
  EXPECT_EQ(hot_memory_use().bytes, before.bytes + sizeof(Aligned));
  first.reset();
  const auto second = std::make_unique<Aligned>();
  EXPECT_EQ(second.get(), place);
  EXPECT_EQ(hot_memory_use().bytes, before.bytes + sizeof(Aligned));
  EXPECT_EQ(hot_memory_use().blocks, before.blocks + 2);
}

#endif

}  // namespace
}  // namespace visavis
