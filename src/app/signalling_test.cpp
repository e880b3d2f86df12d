#include "app/signalling.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <functional>
#include <string>
#include <vector>

#include "dtls/identity.hpp"
#include "net/clock.hpp"

namespace visavis::app {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

Config config_for_test() {
  Config config;
  net::SystemEntropy entropy;
  config.conference.fingerprint = dtls::Identity::make(entropy).fingerprint();
  config.conference.candidates = {SocketAddress::parse("127.0.0.1:7000").value()};
  return config;
}

http::StaticFiles page() {
  http::StaticFiles files;
  files.add("/index.html", to_buffer("the page"));
  return files;
}

class SignallingTest : public testing::Test {
 protected:
  /// What the server answers to `request`, while its loop turns.
  std::string answer_to(const std::string& request) {
    const net::FileDescriptor client(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in server{};
    server.sin_family = AF_INET;
    server.sin_port = htons(at_.port);
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(client.value(), reinterpret_cast<sockaddr*>(&server), sizeof(server)), 0);
    EXPECT_GT(::send(client.value(), request.data(), request.size(), MSG_NOSIGNAL), 0);
    std::string answer;
    for (int i = 0; i < 5000; ++i) {
      reactor_.turn(milliseconds(1));
      std::string piece(65'536, '\0');
      const ssize_t size = ::recv(client.value(), piece.data(), piece.size(), MSG_DONTWAIT);
      if (size == 0) {
        return answer;
      }
      answer.append(piece, 0, size > 0 ? static_cast<std::size_t>(size) : 0U);
    }
    ADD_FAILURE() << "no end of the answer to " << request;
    return answer;
  }
  std::string get(const std::string& path, const std::string& headers = "") {
    return answer_to("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers +
                     "\r\n");
  }
  /// Plays the media thread for the next commands.
  void answer_reports() {
    worker_ =
        reactor_.watch(media_.commands.fd(), net::Interest::kRead, [this](Instant, net::Ready) {
          while (const auto command = media_.commands.take()) {
            if (const auto* const asked = std::get_if<sfu::ReportWorker>(&*command)) {
              MediaReport report;
              report.worker.request = asked->request;
              report.worker.counters.keyframes = 42;
              report.worker.streams.emplace_back().plis = 7;
              EXPECT_TRUE(media_.events.put(FromMedia(std::move(report))));
            }
          }
        });
  }

  std::vector<std::string> lines_;
  Log log_{LogLevel::kDebug, [this](std::string_view line) { lines_.emplace_back(line); }};
  MediaLink media_;
  net::Reactor reactor_;
  Signalling signalling_{{reactor_, media_, log_}, config_for_test(), page()};
  SocketAddress at_ =
      signalling_.listen(SocketAddress::parse("127.0.0.1:0").value(), nullptr).value();
  net::Reactor::Watch worker_;
};

TEST_F(SignallingTest, ServesThePageAndTheHealthCheck) {
  EXPECT_THAT(get("/"), HasSubstr("the page"));
  const std::string health = get("/healthz");
  EXPECT_THAT(health, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(health, HasSubstr("ok"));
  EXPECT_THAT(get("/healthzzz"), StartsWith("HTTP/1.1 404"));
}

TEST_F(SignallingTest, BeginsSocketIoSessions) {
  const std::string answer = get("/socket.io/?EIO=4&transport=polling");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("\"upgrades\":[\"websocket\"]"));
}

TEST_F(SignallingTest, ShowsTheMediaThreadsNumbersInItsMetrics) {
  answer_reports();
  const std::string metrics = get("/metrics");
  EXPECT_THAT(metrics, HasSubstr("\nvisavis_keyframes_total 42\n"));
  EXPECT_THAT(metrics, HasSubstr("\nvisavis_rooms 0\n"));
  EXPECT_THAT(metrics, HasSubstr("# TYPE visavis_publisher_plis_total counter\n"));
  EXPECT_THAT(metrics, HasSubstr("kind=\"audio\"} 7\n"));
}

TEST_F(SignallingTest, GivesMetricsWithoutAMediaThreadThatIsStuck) {
  EXPECT_THAT(get("/metrics"), HasSubstr("\nvisavis_keyframes_total 0\n"));
}

TEST_F(SignallingTest, KeepsMetricsFromWhatAProxyPassesOn) {
  EXPECT_THAT(get("/metrics", "X-Forwarded-For: 203.0.113.5\r\n"), StartsWith("HTTP/1.1 403"));
}

TEST_F(SignallingTest, LogsWhyAPeerFailed) {
  ASSERT_TRUE(media_.events.put(
      sfu::Event(sfu::PeerFailed{.peer = sfu::PeerId{9}, .reason = "wrong fingerprint"})));
  reactor_.turn(milliseconds(100));
  EXPECT_THAT(lines_,
              testing::Contains("warning event=peer_failed peer=9 reason=\"wrong fingerprint\""));
}

TEST_F(SignallingTest, StopsAtOnceWhenNobodyIsThere) {
  signalling_.shut_down(net::now());
  const Instant start = net::now();
  reactor_.run();
  EXPECT_LT(net::now() - start, milliseconds(400));
}

TEST_F(SignallingTest, StopsSoonWhenSomebodyIs) {
  static_cast<void>(get("/socket.io/?EIO=4&transport=polling"));
  signalling_.shut_down(net::now());
  const Instant start = net::now();
  reactor_.run();
  EXPECT_LT(net::now() - start, std::chrono::seconds(2));
}

TEST(MetricsAccess, IsForThisMachineAndWhoeverTheOperatorNames) {
  const auto from = [](std::string_view ip) {
    http::Request request;
    request.remote = {IpAddress::parse(ip).value(), 1234};
    return request;
  };
  const MetricsAccess named{.anyone = false, .addresses = {IpAddress::parse("192.0.2.7").value()}};
  EXPECT_TRUE(may_read_metrics(from("127.0.0.1"), {}));
  EXPECT_TRUE(may_read_metrics(from("::1"), {}));
  EXPECT_FALSE(may_read_metrics(from("192.0.2.7"), {}));
  EXPECT_TRUE(may_read_metrics(from("192.0.2.7"), named));
  EXPECT_FALSE(may_read_metrics(from("192.0.2.8"), named));
  EXPECT_TRUE(may_read_metrics(from("203.0.113.1"), {.anyone = true, .addresses = {}}));
}

}  // namespace
}  // namespace visavis::app
