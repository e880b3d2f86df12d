#include <gtest/gtest.h>

#include "engineio/test_server.hpp"

namespace visavis::engineio {
namespace {

class ShardTest : public testing::Test {
 protected:
  static Options second_of_three() {
    Options options = TestServer::quick_options();
    options.shard = Shard{.index = 1, .count = 3};
    return options;
  }
  TestServer test_{second_of_three()};
};

TEST_F(ShardTest, TheLastLetterOfAnIdTellsWhoseItIs) {
  EXPECT_EQ(test_.open_polling().back(), 'B');
}

TEST_F(ShardTest, ItsOwnSessionsAndUnknownOnesAreAnswered) {
  const std::string sid = test_.open_polling();
  EXPECT_EQ(test_.post(sid, "3"), ok("ok"));
  EXPECT_EQ(test_.poll("nobodyB").status, 400U);
  EXPECT_EQ(test_.poll("nobodyD").status, 400U);  // there is no fourth
  EXPECT_EQ(test_.poll("nobody!").status, 400U);
}

TEST_F(ShardTest, ARequestOfAnothersSessionIsNotAnswered) {
  for (const std::string sid : {"someoneA", "someoneC"}) {
    EXPECT_EQ(test_.poll(sid).status, 0U);
  }
}

}  // namespace
}  // namespace visavis::engineio
