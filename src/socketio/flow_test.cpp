// What Node has as `socket.timeout()`, `compress()`, `volatile`; and what a slow reader makes
// heard.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "socketio/test_bed.hpp"

namespace visavis::socketio {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class FlowTest : public testing::Test {
 protected:
  explicit FlowTest(engineio::Options engine = TestBed::engine_options())
      : bed_(Options{}, std::move(engine)) {
    bed_.io().on_connection([this](Socket& socket) { socket_ = &socket; });
  }
  TestBed bed_;
  Socket* socket_ = nullptr;
};

TEST_F(FlowTest, AHandlerBehindTheArgumentsAsksTheClient) {
  TestBed::Client& client = bed_.join();
  std::optional<std::string> answer;
  socket_->timeout(milliseconds(100)).emit("q", 1, [&](std::expected<Arguments, AckError> got) {
    answer = got ? std::string((*got)[0].as_string()) : "none";
  });
  bed_.pump();
  EXPECT_THAT(client.take(), ElementsAre(R"(420["q",1])"));
  client.send(R"(430["yes"])");
  EXPECT_EQ(answer, "yes");
}

TEST_F(FlowTest, TimeoutEndsTheWaiting) {
  static_cast<void>(bed_.join());
  std::optional<AckError> error;
  socket_->timeout(milliseconds(100)).emit("q", [&](std::expected<Arguments, AckError> got) {
    error = got.error();
  });
  bed_.pass(milliseconds(99));
  EXPECT_FALSE(error);
  bed_.pass(milliseconds(1));
  EXPECT_EQ(error, AckError::kTimeout);
}

TEST_F(FlowTest, WithoutATimeoutTheOneOfTheOptionsCounts) {
  static_cast<void>(bed_.join());
  std::optional<AckError> error;
  socket_->emit("q", [&](std::expected<Arguments, AckError> got) { error = got.error(); });
  std::optional<std::size_t> missing;
  bed_.io().emit("q", [&](const BroadcastAnswers& answers) { missing = answers.missing; });
  bed_.pass(milliseconds(29'999));
  EXPECT_FALSE(error || missing);
  bed_.pass(milliseconds(1));
  EXPECT_EQ(error, AckError::kTimeout);
  EXPECT_EQ(missing, 1U);
}

TEST_F(FlowTest, AnOperatorStaysAsItWas) {
  TestBed::Client& client = bed_.join();
  const SocketOperator plain(*socket_);
  const SocketOperator lossy = plain.volatile_();
  bed_.stall();
  plain.emit("fills", std::string(1000, 'x'));
  bed_.pump();
  static_cast<void>(client.take());
  lossy.emit("lost");
  plain.emit("kept");
  bed_.pump();
  EXPECT_THAT(client.take(), ElementsAre(R"(42["kept"])"));
}

class DeflateFlowTest : public FlowTest {
 protected:
  DeflateFlowTest() : FlowTest(with_deflate()) {}
  static engineio::Options with_deflate() {
    engineio::Options options = TestBed::engine_options();
    options.per_message_deflate.enabled = true;
    return options;
  }
};

TEST_F(DeflateFlowTest, CompressOffSendsPlainAlsoWhereDeflateWasAgreedOn) {
  TestBed::Client& client = bed_.open("", "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  client.send("40");
  static_cast<void>(client.take());
  const std::string text(4000, 'x');
  socket_->emit("e", text);
  bed_.io().emit("e", text);
  bed_.pump();
  EXPECT_EQ(client.take_deflated(), 2);
  socket_->compress(false).emit("e", text);
  bed_.io().compress(false).emit("e", text);
  bed_.pump();
  EXPECT_EQ(client.take_deflated(), 0);
}

TEST_F(FlowTest, AReaderThatIsTooSlowIsToldOfOnceAndAgainWhenItHasCaughtUp) {
  static_cast<void>(bed_.join());
  std::vector<std::string> told;
  socket_->on_high_water([&](std::size_t bytes) {
    EXPECT_GT(bytes, 1'000'000U);
    told.emplace_back("high");
  });
  socket_->on_drain([&] { told.emplace_back("drain"); });
  bed_.stall();
  for (int i = 0; i < 30; ++i) {
    socket_->emit("e", std::string(50'000, 'x'));
    bed_.pump();
  }
  bed_.pass(milliseconds(1));
  EXPECT_THAT(told, ElementsAre("high"));
  EXPECT_GT(socket_->buffered_bytes(), 1'000'000U);
  bed_.flow();
  bed_.pass(milliseconds(1));
  EXPECT_THAT(told, ElementsAre("high", "drain"));
  EXPECT_EQ(socket_->buffered_bytes(), 0U);
}

}  // namespace
}  // namespace visavis::socketio
