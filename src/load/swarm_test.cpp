// What a swarm tells of a server that does not let it in.

#include "load/swarm.hpp"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "net/clock.hpp"
#include "net/file_descriptor.hpp"
#include "net/socket_address.hpp"
#include "sim/seeded_entropy.hpp"

namespace visavis::load {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// A TCP port of this thread, served by hand.
class Listener {
 public:
  Listener() {
    check(socket_.is_open());
    const net::KernelAddress at = net::to_kernel(*SocketAddress::parse("127.0.0.1:0"));
    check(::bind(socket_.value(), at.pointer(), at.length) == 0);
    check(::listen(socket_.value(), 1) == 0);
  }
  [[nodiscard]] SocketAddress address() const { return net::bound_address(socket_.value()); }

  /// Answers who has connected without reading what he wants, and hangs up: he sees a reset. False
  /// as long as nobody asks; never waits.
  [[nodiscard]] bool answer_and_reset(std::string_view text) {
    if (!peer_.is_open()) {
      peer_ = net::FileDescriptor(
          ::accept4(socket_.value(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    }
    std::byte first{};  // His request is here: unread bytes make the hanging up a reset.
    if (!peer_.is_open() || ::recv(peer_.value(), &first, 1, 0) != 1) {
      return false;
    }
    const auto sent = ::send(peer_.value(), text.data(), text.size(), MSG_NOSIGNAL);
    peer_ = {};
    return sent == static_cast<ssize_t>(text.size());
  }

 private:
  net::FileDescriptor socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  net::FileDescriptor peer_;
};

class SwarmTest : public testing::Test {
 protected:
  /// A viewer who asks this server over WHEP.
  void open(const SocketAddress& server) {
    options_.over = Over::kWhip;
    options_.viewers = 1;
    options_.server = *parse_url("http://" + server.to_string());
    options_.whep_template = "http://" + server.to_string() + "/whep/{room}/{name}";
    swarm_.emplace(reactor_, options_, entropy_);
    ASSERT_TRUE(swarm_->open().has_value());
    ASSERT_TRUE(swarm_->add(net::now(), {.views = true, .room = "room", .name = "ann"}));
  }

  [[nodiscard]] bool turn_until(const std::function<bool()>& condition) {
    for (int turn = 0; turn < 1000; ++turn) {
      if (condition()) {
        return true;
      }
      reactor_.turn(10ms);
    }
    return condition();
  }

  /// The text of the viewer's failure.
  std::string failure() {
    EXPECT_TRUE(turn_until([this] { return swarm_->census().failed > 0; }));
    EXPECT_EQ(swarm_->census().failed, 1U);
    return swarm_->census().failure;
  }

  net::Reactor reactor_;
  sim::SeededEntropy entropy_{5};
  Options options_;
  std::optional<Swarm> swarm_;
};

TEST_F(SwarmTest, WhatAServerAnsweredIsToldAlsoWhenItHungUpWithAReset) {
  Listener listener;
  const std::string body = "The server has no room for another session.";
  const std::string answer =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n\r\n" + body;
  open(listener.address());
  ASSERT_TRUE(turn_until([&] { return listener.answer_and_reset(answer); }));
  const std::string told = failure();
  EXPECT_THAT(told, HasSubstr("503"));
  EXPECT_THAT(told, HasSubstr(body));
  EXPECT_THAT(told, Not(HasSubstr("no connection")));
}

TEST_F(SwarmTest, WhereNobodyListensThatIsTold) {
  const SocketAddress nobody = Listener().address();
  open(nobody);
  EXPECT_THAT(failure(), StartsWith("no connection to " + nobody.to_string()));
}

}  // namespace
}  // namespace visavis::load
