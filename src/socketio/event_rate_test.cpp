#include <gtest/gtest.h>

#include <memory>

#include "socketio/test_bed.hpp"

namespace visavis::socketio {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class EventRateTest : public testing::Test {
 protected:
  void serve(EventRate rate) {
    Options options;
    options.event_rate = rate;
    bed_ = std::make_unique<TestBed>(options);
    bed_->io().on_connection([this](Socket& socket) {
      socket.on("a", [this](const Arguments&, const Ack&) { ++heard_; });
    });
  }
  static void send(TestBed::Client& client, int count) {
    for (int i = 0; i < count; ++i) {
      client.send("42[\"a\"]");
    }
  }

  std::unique_ptr<TestBed> bed_;
  int heard_ = 0;
};

TEST_F(EventRateTest, DropsAndCountsWhatIsTooMuch) {
  serve({.per_second = 10, .burst = 5});
  TestBed::Client& client = bed_->join();
  send(client, 8);
  EXPECT_EQ(heard_, 5);
  EXPECT_EQ(bed_->io().counters().events_over_rate, 3U);
  bed_->pass(milliseconds(250));
  send(client, 8);
  EXPECT_EQ(heard_, 7);
  bed_->pass(seconds(10));
  send(client, 8);
  EXPECT_EQ(heard_, 12);
  EXPECT_FALSE(client.closed());
}

TEST_F(EventRateTest, IsCountedForEachSocketAlone) {
  serve({.per_second = 10, .burst = 5});
  send(bed_->join(), 5);
  send(bed_->join(), 5);
  EXPECT_EQ(heard_, 10);
}

TEST_F(EventRateTest, MayEndTheConnection) {
  serve({.per_second = 10, .burst = 5, .disconnect = true});
  TestBed::Client& client = bed_->join();
  send(client, 6);
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(heard_, 5);
}

}  // namespace
}  // namespace visavis::socketio
