// What a swarm tells of a server that does not let it in.

#include "load/swarm.hpp"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

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
    const net::KernelAddress at = net::to_kernel(*SocketAddress::parse("127.0.0.1:0"));
    check(::bind(socket_.value(), at.pointer(), at.length) == 0);
    check(::listen(socket_.value(), 1) == 0);
  }
  [[nodiscard]] SocketAddress address() const { return net::bound_address(socket_.value()); }

  /// Answers whoever has connected without reading what he wants, and hangs up: he sees a reset.
  [[nodiscard]] bool answer_and_reset(std::string_view text) {
    const net::FileDescriptor peer(::accept(socket_.value(), nullptr, nullptr));
    std::byte first{};  // His request is here: unread bytes make the hanging up a reset.
    return peer.is_open() && ::recv(peer.value(), &first, 1, 0) == 1 &&
           ::send(peer.value(), text.data(), text.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(text.size());
  }

 private:
  net::FileDescriptor socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

class SwarmTest : public testing::Test {
 protected:
  /// The text of the first client's failure.
  std::string failure_at(const SocketAddress& server, Listener* listener, std::string_view answer) {
    Options options;
    options.over = Over::kWhip;
    options.viewers = 1;
    options.server = *parse_url("http://" + server.to_string());
    options.whep_template = "http://" + server.to_string() + "/whep/{room}/{name}";
    Swarm swarm(reactor_, options, entropy_);
    EXPECT_TRUE(swarm.open().has_value());
    const auto client = swarm.add(net::now(), {.views = true, .room = "room", .name = "ann"});
    EXPECT_TRUE(client.has_value());
    for (int turn = 0; turn < 10 && listener != nullptr && swarm.census().connected == 0; ++turn) {
      reactor_.turn(10ms);
    }
    if (listener != nullptr) {
      EXPECT_TRUE(listener->answer_and_reset(answer));
    }
    for (int turn = 0; turn < 1000 && swarm.census().failed == 0; ++turn) {
      reactor_.turn(10ms);
    }
    EXPECT_EQ(swarm.census().failed, 1U);
    return swarm.census().failure;
  }

  net::Reactor reactor_;
  sim::SeededEntropy entropy_{5};
};

TEST_F(SwarmTest, WhatAServerAnsweredIsToldAlsoWhenItHungUpWithAReset) {
  Listener listener;
  const std::string body = "The server has no room for another session.";
  const std::string failure = failure_at(listener.address(), &listener,
                                         "HTTP/1.1 503 Service Unavailable\r\nContent-Length: " +
                                             std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_THAT(failure, HasSubstr("503"));
  EXPECT_THAT(failure, HasSubstr(body));
  EXPECT_THAT(failure, Not(HasSubstr("no connection")));
}

TEST_F(SwarmTest, WhereNobodyListensThatIsTold) {
  SocketAddress nobody;
  {
    const Listener gone;
    nobody = gone.address();
  }
  EXPECT_THAT(failure_at(nobody, nullptr, ""),
              StartsWith("no connection to " + nobody.to_string()));
}

}  // namespace
}  // namespace visavis::load
