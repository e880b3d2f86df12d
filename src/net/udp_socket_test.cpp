#include "net/udp_socket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>
#include <string>
#include <vector>

namespace visavis::net {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

SocketAddress at(std::string_view text) {
  return SocketAddress::parse(text).value();
}

struct Got {
  Route route;
  std::string text;
};

std::vector<Got> receive(UdpSocket& socket, std::size_t count) {
  std::vector<Got> all;
  while (all.size() < count) {
    pollfd polled{.fd = socket.fd(), .events = POLLIN, .revents = 0};
    if (::poll(&polled, 1, 2000) != 1) {
      ADD_FAILURE() << "only " << all.size() << " of " << count << " datagrams came";
      break;
    }
    for (const UdpSocket::Datagram& datagram : socket.receive()) {
      all.push_back({datagram.route, std::string(as_text(datagram.bytes))});
    }
  }
  return all;
}

void put(DatagramBatch& batch, const Route& route, std::string_view text) {
  const Bytes bytes = as_bytes(text);
  std::memcpy(batch.reserve().data(), bytes.data(), bytes.size());
  batch.commit(route, bytes.size());
}

std::vector<std::string> texts(const std::vector<Got>& all) {
  std::vector<std::string> list;
  for (const Got& got : all) {
    list.push_back(got.text);
  }
  return list;
}

struct Family {
  std::string_view wildcard;
  std::string_view asked;
};

class UdpSocketOfEachFamily : public testing::TestWithParam<Family> {};

TEST_P(UdpSocketOfEachFamily, AnswersFromTheAddressThatWasAsked) {
  UdpSocket server = UdpSocket::open(at(GetParam().wildcard)).value();
  const SocketAddress asked{IpAddress::parse(GetParam().asked).value(), server.local().port};
  UdpSocket client = UdpSocket::open({asked.ip, 0}).value();

  DatagramBatch batch(8);
  put(batch, {client.local(), asked}, "question");
  client.send(batch);
  const std::vector<Got> questions = receive(server, 1);
  ASSERT_THAT(questions, SizeIs(1));
  EXPECT_EQ(questions[0].text, "question");
  EXPECT_EQ(questions[0].route, (Route{asked, client.local()}));

  batch.clear();
  put(batch, questions[0].route, "answer");
  server.send(batch);
  const std::vector<Got> answers = receive(client, 1);
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].text, "answer");
  EXPECT_EQ(answers[0].route.remote, asked);
}

INSTANTIATE_TEST_SUITE_P(Loopback, UdpSocketOfEachFamily,
                         testing::Values(Family{"0.0.0.0:0", "127.0.0.1"},
                                         Family{"0.0.0.0:0", "127.0.0.2"},
                                         Family{"[::]:0", "::1"}));

TEST(UdpSocket, SaysWhetherItsRingWasFilled) {
  UdpSocket receiver = UdpSocket::open(at("127.0.0.1:0"), {.receive_offload = false}).value();
  UdpSocket sender = UdpSocket::open(at("127.0.0.1:0"), {.send_offload = false}).value();
  constexpr std::size_t kRing = 64;
  DatagramBatch batch(kRing + 1);
  for (std::size_t sent = 0; sent < kRing + 1; ++sent) {
    put(batch, {sender.local(), receiver.local()}, "one");
  }
  sender.send(batch);
  EXPECT_THAT(receiver.receive(), SizeIs(kRing));
  EXPECT_TRUE(receiver.may_have_more());
  EXPECT_THAT(receiver.receive(), SizeIs(1));
  EXPECT_FALSE(receiver.may_have_more());
}

struct Offloads {
  bool send;
  bool receive;
};

class UdpSocketWithOffloads : public testing::TestWithParam<Offloads> {};

TEST_P(UdpSocketWithOffloads, CarriesABatchWholeAndInOrder) {
  UdpSocket sender = UdpSocket::open(at("127.0.0.1:0"), {.send_offload = GetParam().send}).value();
  UdpSocket receiver =
      UdpSocket::open(at("127.0.0.1:0"), {.receive_offload = GetParam().receive}).value();
  const Route route{sender.local(), receiver.local()};
  DatagramBatch batch(300);
  std::vector<std::string> sent;
  for (std::size_t i = 0; i < 200; ++i) {
    // Two frames of equal packets with a shorter last one, then all kinds of sizes.
    const std::size_t size = i < 150 ? 1000 - (i % 50 == 49 ? 300U : 0U) : 10 + (i * 7);
    std::string text(size, static_cast<char>('a' + (i % 26)));
    put(batch, route, text);
    sent.push_back(std::move(text));
  }
  sender.send(batch);
  EXPECT_EQ(texts(receive(receiver, sent.size())), sent);
  EXPECT_EQ(sender.counters().sent_datagrams, sent.size());
  EXPECT_EQ(sender.counters().dropped_buffer_full, 0U);
  if (sender.send_offload()) {
    EXPECT_LT(sender.counters().sent_messages, sent.size());
  } else {
    EXPECT_EQ(sender.counters().sent_messages, sent.size());
  }
}

INSTANTIATE_TEST_SUITE_P(EachWay, UdpSocketWithOffloads,
                         testing::Values(Offloads{true, true}, Offloads{true, false},
                                         Offloads{false, true}, Offloads{false, false}));

TEST(UdpSocket, FallsBackToPlainMessagesWhereTheKernelRefusesSegments) {
  UdpSocket sender = UdpSocket::open(at("127.0.0.1:0")).value();
  UdpSocket receiver = UdpSocket::open(at("127.0.0.1:0")).value();
  if (!sender.send_offload()) {
    GTEST_SKIP() << "this kernel has no UDP_SEGMENT";
  }
  const int on = 1;  // Without checksums the kernel answers a run with EINVAL.
  ASSERT_EQ(::setsockopt(sender.fd(), SOL_SOCKET, SO_NO_CHECK, &on, sizeof(on)), 0);
  DatagramBatch batch(8);
  const Route route{sender.local(), receiver.local()};
  put(batch, route, "one");
  put(batch, route, "two");
  sender.send(batch);
  EXPECT_THAT(texts(receive(receiver, 2)), ElementsAre("one", "two"));
  EXPECT_EQ(sender.counters().segmentation_refused, 1U);
}

TEST(UdpSocket, SendsOnlyWhatStartsAtItsOwnAddress) {
  UdpSocket v4 = UdpSocket::open(at("0.0.0.0:0")).value();
  UdpSocket v6 = UdpSocket::open(at("[::]:0")).value();
  UdpSocket receiver = UdpSocket::open(at("[::1]:0")).value();
  DatagramBatch batch(8);
  put(batch, {{IpAddress::parse("::1").value(), v6.local().port}, receiver.local()}, "six");
  v4.send(batch);
  EXPECT_EQ(v4.counters().sent_datagrams, 0U);
  v6.send(batch);
  EXPECT_THAT(texts(receive(receiver, 1)), ElementsAre("six"));
}

TEST(UdpSocket, DropsAndCountsWhatIsLargerThanItsBuffers) {
  UdpSocket sender = UdpSocket::open(at("127.0.0.1:0")).value();
  UdpSocket receiver = UdpSocket::open(at("127.0.0.1:0"), {.receive_offload = false}).value();
  const std::string huge(5000, 'x');
  sockaddr_storage to{};
  socklen_t length = sizeof(to);
  ASSERT_EQ(::getsockname(receiver.fd(), reinterpret_cast<sockaddr*>(&to), &length), 0);
  ASSERT_EQ(
      ::sendto(sender.fd(), huge.data(), huge.size(), 0, reinterpret_cast<sockaddr*>(&to), length),
      5000);
  DatagramBatch batch(8);
  put(batch, {sender.local(), receiver.local()}, "fits");
  sender.send(batch);
  EXPECT_THAT(texts(receive(receiver, 1)), ElementsAre("fits"));
  EXPECT_EQ(receiver.counters().received_truncated, 1U);
}

TEST(UdpSocket, LetsNoRouterFragmentWhatItSendsByIpv4) {
  const auto socket = UdpSocket::open({.ip = IpAddress::v4(INADDR_LOOPBACK), .port = 0});
  ASSERT_TRUE(socket);
  int how = -1;
  socklen_t size = sizeof(how);
  ASSERT_EQ(::getsockopt(socket->fd(), IPPROTO_IP, IP_MTU_DISCOVER, &how, &size), 0);
  EXPECT_EQ(how, IP_PMTUDISC_DO);
}

TEST(UdpSocket, SaysWhichPortIsTaken) {
  const UdpSocket first = UdpSocket::open(at("127.0.0.1:0")).value();
  const auto second = UdpSocket::open(first.local());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text, HasSubstr(first.local().to_string()));
  EXPECT_THAT(second.error().text, HasSubstr("in use"));
}

}  // namespace
}  // namespace visavis::net
