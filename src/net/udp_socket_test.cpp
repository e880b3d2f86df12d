#include "net/udp_socket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "net/socket_address.hpp"

namespace visavis::net {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::SizeIs;

SocketAddress at(std::string_view text) {
  return SocketAddress::parse(text).value();
}

struct Got {
  Route route;
  std::string text;
};

template <class Read>
std::vector<Got> receive_by(int fd, std::size_t count, Read&& read) {
  std::vector<Got> all;
  while (all.size() < count) {
    pollfd polled{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&polled, 1, 2000) != 1) {
      ADD_FAILURE() << "only " << all.size() << " of " << count << " datagrams came";
      break;
    }
    for (const Datagram& datagram : read()) {
      all.push_back({datagram.route, std::string(as_text(datagram.bytes))});
    }
  }
  return all;
}

std::vector<Got> receive(UdpSocket& socket, std::size_t count) {
  return receive_by(socket.fd(), count, [&] { return socket.receive(); });
}

std::vector<Got> receive_reports(UdpSocket& socket, std::size_t count) {
  return receive_by(socket.reports_fd(), count, [&] { return socket.receive_reports(); });
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

/// `server` sends one datagram back over the route that one came by; what `client` gets.
Got answered(UdpSocket& server, const Route& route, UdpSocket& client) {
  DatagramBatch batch(1);
  put(batch, route, "answer");
  server.send(batch);
  const std::vector<Got> answers = receive(client, 1);
  return answers.empty() ? Got{} : answers.front();
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

  const Got answer = answered(server, questions[0].route, client);
  EXPECT_EQ(answer.text, "answer");
  EXPECT_EQ(answer.route.remote, asked);
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

/// What the first two bytes of a datagram say (RFC 7983 §7, RFC 5761 §4, RFC 4585 §6).
constexpr std::array<std::string_view, 16> kUrgent = {std::string_view("\x00\x01 a check", 10),
                                                      "\x16\xFE a handshake",
                                                      "\x80\x60 RTP",
                                                      "\x90\xE0 RTP, marked",
                                                      "\x81\xC8 a sender's report",
                                                      "\x81\xCA names",
                                                      "\x81\xCB a goodbye",
                                                      "\x81\xCD a NACK",
                                                      "\x8E\xCD format 14",
                                                      "\x81\xCE a PLI",
                                                      "\x40\xC8 version 1",
                                                      "\xC0\xC9 version 3",
                                                      "\xCF\xCD version 3",
                                                      "\x80",
                                                      "\xC8",
                                                      "?"};
constexpr std::array<std::string_view, 5> kReports = {"\x81\xC9 viewer", "\x80\xC9 no blocks",
                                                      "\x8F\xCD transport", "\xAF\xCD padded",
                                                      "\xA1\xC9 padded"};

class UdpSocketThatSplitsReports : public testing::TestWithParam<Family> {};

/// The descriptors of this program that are bound to a port.
std::vector<int> descriptors_of(std::uint16_t port) {
  std::vector<int> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename().string());
    if (bound_address(fd).port == port) {
      found.push_back(fd);
    }
  }
  return found;
}

// Before it looks at a datagram the kernel asks any of them whether runs may be put together.
TEST_P(UdpSocketThatSplitsReports, AllOfItsDescriptorsTakeRunsOrNone) {
  const std::string_view wildcard = GetParam().wildcard;
  for (const bool runs : {true, false}) {
    UdpSocket server =
        UdpSocket::open(at(wildcard), {.receive_offload = runs, .split_reports = true}).value();
    const std::vector<int> descriptors = descriptors_of(server.local().port);
    EXPECT_THAT(descriptors, SizeIs(3)) << "media, reports, and one that sends";
    for (const int fd : descriptors) {
      int value = -1;
      socklen_t size = sizeof(value);
      ASSERT_EQ(::getsockopt(fd, IPPROTO_UDP, UDP_GRO, &value, &size), 0);
      EXPECT_EQ(value != 0, server.receive_offload());
    }
  }
}

TEST_P(UdpSocketThatSplitsReports, GivesThemApartAndAnswersFromTheSamePort) {
  UdpSocket server = UdpSocket::open(at(GetParam().wildcard), {.split_reports = true}).value();
  ASSERT_GE(server.reports_fd(), 0);
  const SocketAddress asked{IpAddress::parse(GetParam().asked).value(), server.local().port};
  UdpSocket client = UdpSocket::open({asked.ip, 0}).value();
  DatagramBatch batch(kUrgent.size() + kReports.size());
  for (const std::string_view text : kUrgent) {
    put(batch, {client.local(), asked}, text);
  }
  for (const std::string_view text : kReports) {
    put(batch, {client.local(), asked}, text);
  }
  client.send(batch);
  EXPECT_THAT(texts(receive(server, kUrgent.size())), ElementsAreArray(kUrgent));
  const std::vector<Got> reports = receive_reports(server, kReports.size());
  EXPECT_THAT(texts(reports), ElementsAreArray(kReports));
  EXPECT_EQ(reports[0].route, (Route{asked, client.local()}));
  EXPECT_TRUE(server.receive().empty());
  EXPECT_TRUE(server.receive_reports().empty());
  EXPECT_EQ(server.counters().received_datagrams, kUrgent.size() + kReports.size());

  EXPECT_EQ(answered(server, reports[0].route, client).route.remote, asked);
}

INSTANTIATE_TEST_SUITE_P(Loopback, UdpSocketThatSplitsReports,
                         testing::Values(Family{"0.0.0.0:0", "127.0.0.1"},
                                         Family{"127.0.0.3:0", "127.0.0.3"},
                                         Family{"[::]:0", "::1"}));

TEST(UdpSocket, TellsReportsInARunByItsFirstDatagram) {
  UdpSocket server = UdpSocket::open(at("127.0.0.1:0"), {.split_reports = true}).value();
  UdpSocket client = UdpSocket::open(at("127.0.0.1:0")).value();
  if (!client.send_offload()) {
    GTEST_SKIP() << "this kernel has no UDP_SEGMENT";
  }
  DatagramBatch batch(8);
  const Route route{client.local(), server.local()};
  put(batch, route, "\x80\xC9 one");
  put(batch, route, "\x80\x60 two");
  put(batch, route, "\x80\x60 one");
  put(batch, route, "\x80\xC9 two");
  client.send(batch);
  EXPECT_THAT(receive_reports(server, 4), SizeIs(4))
      << "both ways lead to the same peer: none is lost";
}

TEST(UdpSocket, GivesReportsWithTheRestWhereTheyAreNotSplit) {
  UdpSocket server = UdpSocket::open(at("127.0.0.1:0")).value();
  UdpSocket client = UdpSocket::open(at("127.0.0.1:0")).value();
  EXPECT_LT(server.reports_fd(), 0);
  EXPECT_TRUE(server.receive_reports().empty());
  EXPECT_FALSE(server.may_have_more_reports());
  DatagramBatch batch(1);
  put(batch, {client.local(), server.local()}, kReports[0]);
  client.send(batch);
  EXPECT_THAT(texts(receive(server, 1)), ElementsAre(kReports[0]));
}

TEST(UdpSocket, SharesItsPortWithNoOtherServer) {
  const UdpSocket::Options split{.split_reports = true};
  const UdpSocket first = UdpSocket::open(at("127.0.0.1:0"), split).value();
  const auto second = UdpSocket::open(first.local(), split);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text, HasSubstr("in use"));
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
