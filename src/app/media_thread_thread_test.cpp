#include <gtest/gtest.h>
#include <poll.h>

#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "app/media_thread.hpp"

namespace visavis::app {
namespace {

SocketAddress loopback() {
  return SocketAddress::parse("127.0.0.1:0").value();
}

std::optional<MediaReport> next_report(MediaLink& link) {
  for (int i = 0; i < 100; ++i) {
    pollfd polled{.fd = link.events.fd(), .events = POLLIN, .revents = 0};
    ::poll(&polled, 1, 100);
    while (auto message = link.events.take()) {
      if (auto* const report = std::get_if<MediaReport>(&*message)) {
        return std::move(*report);
      }
    }
  }
  return std::nullopt;
}

TEST(MediaThread, CountsGarbageAndAnswersReports) {
  net::SystemEntropy entropy;
  std::vector<net::UdpSocket> sockets;
  sockets.push_back(net::UdpSocket::open(loopback()).value());
  const SocketAddress target = sockets.front().local();
  MediaLink link;
  const MediaThread thread(link, dtls::Identity::make(entropy), {}, std::move(sockets));

  net::UdpSocket stranger = net::UdpSocket::open(loopback()).value();
  DatagramBatch batch(100);
  for (std::size_t i = 0; i < 100; ++i) {
    entropy.fill(batch.reserve().first(1 + (i * 10)));
    batch.commit({stranger.local(), target}, 1 + (i * 10));
  }
  stranger.send(batch);
  MediaReport report;
  for (std::uint64_t request = 1; request < 1000 && report.udp.received_datagrams < 100;
       ++request) {
    ASSERT_TRUE(link.commands.put(sfu::ReportWorker{request}));
    auto answer = next_report(link);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->worker.request, request);
    report = std::move(*answer);
  }
  EXPECT_EQ(report.udp.received_datagrams, 100U);
  EXPECT_EQ(report.udp.sent_datagrams, 0U) << "strangers are not answered";
}

TEST(MediaThread, CarriesOutWhatWaitsBeforeItEnds) {
  net::SystemEntropy entropy;
  MediaLink link;
  ASSERT_TRUE(link.commands.put(sfu::ReportWorker{1}));
  {
    const MediaThread thread(link, dtls::Identity::make(entropy), {}, {});
  }
  EXPECT_TRUE(next_report(link));
}

}  // namespace
}  // namespace visavis::app
