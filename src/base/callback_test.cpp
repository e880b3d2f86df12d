#include "base/callback.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <type_traits>

namespace visavis {
namespace {

TEST(Callback, IsCalledWithWhatItIsGivenAndMoves) {
  Callback<int(std::unique_ptr<int>, int&)> add = [more = std::make_unique<int>(2)](
                                                      std::unique_ptr<int> one, int& two) {
    return *one + std::exchange(two, 0) + *more;
  };
  auto moved = std::move(add);
  int two = 20;
  EXPECT_EQ(moved(std::make_unique<int>(100), two), 122);
  EXPECT_EQ(two, 0);
}

TEST(Callback, MayBeNothing) {
  Callback<void()> callback;
  EXPECT_FALSE(callback);
  callback = [] {};
  EXPECT_TRUE(callback);
  callback = nullptr;
  EXPECT_FALSE(callback);
  static_assert(!std::is_constructible_v<Callback<void()>, int>);
}

TEST(CallbackDeathTest, AnExceptionThatLeavesItEndsTheProgram) {
  Callback<void()> callback = [] { throw std::runtime_error("not caught"); };
  EXPECT_DEATH(
      {
        try {
          callback();
        } catch (const std::exception&) {  // too late
        }
      },
      "not caught");
}

}  // namespace
}  // namespace visavis
