// What a client may pipeline behind a poll that the server parks.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engineio/test_server.hpp"

namespace visavis::engineio {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class PipelinedTest : public testing::Test {
 protected:
  static std::string get(const std::string& query) {
    return "GET /engine.io/?" + query + " HTTP/1.1\r\nHost: h\r\n\r\n";
  }
  static std::string close_of(const std::string& sid) {
    return "POST /engine.io/?" + TestServer::polling(sid) +
           " HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n1";
  }
  void pipeline_behind_poll(const std::string& request) {
    connection_ = test_.host().open(test_.now);
    test_.host().send(test_.now, connection_, get(TestServer::polling(sid_)) + request);
    test_.take_log();
  }

  TestServer test_;
  std::string sid_ = test_.open_polling();
  http::ConnectionId connection_;
};

TEST_F(PipelinedTest, ANewSessionBehindAPollBeginsWhenTheOldOnesEndHasBeenTold) {
  pipeline_behind_poll(get(TestServer::polling()));
  test_.post(sid_, "1");
  EXPECT_EQ(test_.take_log(), "close transport close, open polling");
  EXPECT_EQ(test_.sessions.size(), 2U);
}

TEST_F(PipelinedTest, ACloseBehindAPollIsHandledWhenTheMessageHasBeenSent) {
  pipeline_behind_poll(close_of(sid_));
  std::string during = "never";
  test_.on_message = [&](Instant now, SessionHandle session, std::string_view text) {
    test_.server().send(now, session, text_message(text));
    during = test_.take_log();
  };
  EXPECT_EQ(test_.post(sid_, "4a"), ok("ok"));
  EXPECT_EQ(during, "");
  EXPECT_EQ(test_.take_log(), "close transport close");
  EXPECT_THAT(test_.host().take(connection_), AllOf(HasSubstr("\r\n\r\n4a"), HasSubstr("ok")));
}

TEST_F(PipelinedTest, ACloseBehindAPollComesTooLateForTheSocketThatTookOver) {
  pipeline_behind_poll(close_of(sid_));
  const http::ConnectionId socket = test_.open_socket(sid_);
  test_.say(socket, "5");
  EXPECT_THAT(test_.host().take(connection_), HasSubstr("HTTP/1.1 400 Bad Request"));
  test_.say(socket, "4still");
  EXPECT_EQ(test_.frames(socket), std::vector<std::string>{"4still"});
}

}  // namespace
}  // namespace visavis::engineio
