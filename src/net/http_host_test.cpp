#include "net/http_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/server.hpp"
#include "net/socket_address.hpp"
#include "tls/tls_session.hpp"

namespace visavis::net {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kGet = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr std::string_view kGetAndClose =
    "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
constexpr std::string_view kUpgrade =
    "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

/// After which a client says nothing any more.
constexpr std::string_view kGoodbye = "goodbye";

SocketAddress at(std::string_view text) {
  return SocketAddress::parse(text).value();
}

/// A non-blocking TCP client, through TLS if it has a session.
class Client {
 public:
  explicit Client(const SocketAddress& server)
      : socket_(::socket(family_of(server.ip), SOCK_STREAM, 0)) {
    const KernelAddress address = to_kernel(server);
    EXPECT_EQ(::connect(socket_.value(), address.pointer(), address.length), 0);
  }
  Client(const SocketAddress& server, const tls::TlsContext& context) : Client(server) {
    tls_.emplace(context, "localhost");
  }

  /// Returns how much the kernel took.
  std::size_t send(std::string_view text) const {
    const ssize_t sent =
        ::send(socket_.value(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  void finish() const { ::shutdown(socket_.value(), SHUT_WR); }
  void reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_.value(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    socket_.reset();
  }

  /// Takes in what is there; `ended` once the server has closed.
  void poll() {
    Buffer bytes(65'536);
    const ssize_t size = ::recv(socket_.value(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    ended = ended || size == 0 || (size < 0 && errno == ECONNRESET);
    was_reset = was_reset || (size < 0 && errno == ECONNRESET);
    bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0U);
    if (!tls_) {
      received += as_text(bytes);
      return;
    }
    tls_->handle_ciphertext(bytes);
    Buffer text(65'536);
    while (const std::size_t count = tls_->read(text)) {
      received += as_text(Bytes(text).first(count));
    }
    while (const std::size_t count = tls_->poll_ciphertext(text)) {
      send(as_text(Bytes(text).first(count)));
    }
  }
  /// Whether the other end, which is of this process, has TCP_NODELAY.
  [[nodiscard]] bool server_has_no_delay() const {
    const SocketAddress own = bound_address(socket_.value());
    for (int fd = 0; fd < 1000; ++fd) {
      KernelAddress peer;
      peer.length = sizeof(peer.storage);
      if (::getpeername(fd, peer.pointer(), &peer.length) == 0 &&
          from_kernel(*peer.pointer()) == own) {
        int on = 0;
        socklen_t size = sizeof(on);
        return ::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size) == 0 && on != 0;
      }
    }
    return false;
  }
  tls::TlsSession& tls() { return *tls_; }

  std::string received;
  bool ended = false;
  bool was_reset = false;

 private:
  FileDescriptor socket_;
  std::optional<tls::TlsSession> tls_;
};

class Echo final : public http::Stream {
 public:
  Echo(http::Server& server, http::ConnectionId id, std::size_t& echoed)
      : server_(server), id_(id), echoed_(echoed) {}
  void handle_bytes(Instant now, Bytes bytes) override {
    echoed_ += bytes.size();
    server_.write(now, id_, share(to_buffer(bytes)));
    if (as_text(bytes) == kGoodbye) {
      server_.close(now, id_, true);
    }
  }
  void handle_closed(Instant /*now*/) override {}
  void handle_drained(Instant /*now*/) override {}

 private:
  http::Server& server_;
  http::ConnectionId id_;
  std::size_t& echoed_;
};

class HttpHostTest : public testing::Test {
 protected:
  HttpHostTest() {
    server_.route("/hello", [this](Instant now, const http::RequestId id, const http::Request&) {
      http::Response response;
      response.body = share(to_buffer(body_));
      server_.respond(now, id, std::move(response));
    });
    server_.route("/echo", [this](Instant now, const http::RequestId id, const http::Request&) {
      http::Response switching;
      switching.status = 101;
      switching.headers.add("Upgrade", "echo");
      server_.upgrade(now, id, std::move(switching),
                      std::make_unique<Echo>(server_, id.connection, echoed_));
    });
    server_.route("/parked", [this](Instant, const http::RequestId id, const http::Request&) {
      server_.on_abort(id, [this](Instant) { ++aborted_; });
    });
  }

  /// Turns the loop until `done`, for at most five seconds.
  void turn_until(const std::function<bool()>& done) {
    for (int i = 0; i < 5000 && !done(); ++i) {
      reactor_.turn(milliseconds(1));
    }
    EXPECT_TRUE(done());
  }

  Reactor reactor_;
  http::Server server_;
  HttpHost host_{reactor_,
                 server_,
                 {.connections_max = 3, .unsent_bytes_high = 100'000, .linger = milliseconds(50)}};
  std::string body_ = "good day";
  std::size_t echoed_ = 0;
  int aborted_ = 0;
};

TEST_F(HttpHostTest, AnswersOverBothFamilies) {
  for (const std::string_view address : {"127.0.0.1:0", "[::1]:0"}) {
    Client client(host_.listen(at(address)).value());
    client.send(kGet);
    turn_until([&] { return client.poll(), client.received.ends_with("good day"); });
    EXPECT_THAT(client.received, StartsWith("HTTP/1.1 200 OK\r\n"));
  }
}

TEST_F(HttpHostTest, AnswersOverTls) {
  const auto context =
      tls::TlsContext::self_signed({.names = {"localhost"}, .unix_now = 1'795'000'000}).value();
  const auto trusting = tls::TlsContext::client(context.certificate_pem()).value();
  body_ = std::string(1'000'000, 'x');
  Client client(host_.listen(at("127.0.0.1:0"), &context).value(), trusting);
  turn_until([&] { return client.poll(), client.tls().state() == tls::TlsSession::State::kOpen; });
  client.tls().write(as_bytes(kGetAndClose));
  turn_until([&] { return client.poll(), client.ended; });
  EXPECT_THAT(client.received, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(client.received.substr(client.received.size() - body_.size()), body_);
  EXPECT_EQ(client.tls().state(), tls::TlsSession::State::kClosed) << "close_notify is missing";
}

TEST_F(HttpHostTest, ARefusedClientHasNoAnswerToItsTlsEither) {
  const auto context =
      tls::TlsContext::self_signed({.names = {"localhost"}, .unix_now = 1'795'000'000}).value();
  const auto trusting = tls::TlsContext::client(context.certificate_pem()).value();
  http::Server small({.connections_max = 1});
  HttpHost host(reactor_, small, {});
  const SocketAddress where = host.listen(at("127.0.0.1:0"), &context).value();
  Client first(where, trusting);
  turn_until([&] { return first.poll(), first.tls().state() == tls::TlsSession::State::kOpen; });
  Client second(where, trusting);
  turn_until([&] { return second.poll(), second.ended; });
  EXPECT_NE(second.tls().state(), tls::TlsSession::State::kOpen);
}

TEST_F(HttpHostTest, ANewCertificateIsForNewConnectionsAndOldOnesGoOn) {
  const tls::TlsContext::SelfSigned options{.names = {"localhost"}, .unix_now = 1'795'000'000};
  auto first = std::make_unique<tls::TlsContext>(tls::TlsContext::self_signed(options).value());
  const auto second = tls::TlsContext::self_signed(options).value();
  const auto trusts_first = tls::TlsContext::client(first->certificate_pem()).value();
  const auto trusts_second = tls::TlsContext::client(second.certificate_pem()).value();
  const SocketAddress server = host_.listen(at("127.0.0.1:0"), first.get()).value();
  const SocketAddress plain = host_.listen(at("127.0.0.1:0")).value();
  const auto settled = [](Client& client) {
    client.poll();
    return client.tls().state() != tls::TlsSession::State::kHandshaking;
  };
  Client old(server, trusts_first);
  turn_until([&] { return settled(old); });
  host_.use_tls(second);
  first.reset();

  Client distrusts(server, trusts_first);
  turn_until([&] { return settled(distrusts); });
  EXPECT_EQ(distrusts.tls().state(), tls::TlsSession::State::kFailed);
  Client fresh(server, trusts_second);
  turn_until([&] { return settled(fresh); });
  Client without(plain);
  without.send(kGetAndClose);
  for (Client* const client : {&old, &fresh}) {
    client->tls().write(as_bytes(kGetAndClose));
    turn_until([&] { return client->poll(), client->ended; });
    EXPECT_THAT(client->received, StartsWith("HTTP/1.1 200 OK\r\n"));
  }
  turn_until([&] { return without.poll(), without.ended; });
  EXPECT_THAT(without.received, StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpHostTest, ClosesAndCountsWhoSpeaksNoTls) {
  const auto context =
      tls::TlsContext::self_signed({.names = {"localhost"}, .unix_now = 1'795'000'000}).value();
  Client client(host_.listen(at("127.0.0.1:0"), &context).value());
  client.send(kGet);
  turn_until([&] { return client.poll(), client.ended; });
  EXPECT_EQ(host_.counters().refused_handshake, 1U);
  EXPECT_EQ(host_.counters().open, 0U);
}

TEST_F(HttpHostTest, SendsALargeAnswerWholeToASlowReader) {
  body_ = std::string(20'000'000, 'x');
  Client client(host_.listen(at("127.0.0.1:0")).value());
  client.send(kGet);
  for (int i = 0; i < 20; ++i) {
    reactor_.turn(milliseconds(1));
  }
  turn_until([&] { return client.poll(), client.received.size() > body_.size(); });
  turn_until([&] { return host_.idle(); });
}

TEST_F(HttpHostTest, StopsReadingFromWhoDoesNotReadItsAnswers) {
  Client client(host_.listen(at("127.0.0.1:0")).value());
  client.send(kUpgrade);
  turn_until([&] { return client.poll(), client.received.ends_with("\r\n\r\n"); });
  client.received.clear();
  const std::string piece(100'000, 'e');
  std::size_t sent = 0;
  for (int stuck = 0; stuck < 50 && sent < 100'000'000;) {
    const std::size_t taken = client.send(piece);
    sent += taken;
    stuck = taken == 0 ? stuck + 1 : 0;
    reactor_.turn(milliseconds(1));
  }
  EXPECT_LT(sent, 100'000'000U) << "everything was taken in without end";
  turn_until([&] { return client.poll(), client.received.size() == sent; });
  EXPECT_EQ(echoed_, sent);
}

TEST_F(HttpHostTest, LetsTheClientReadTheAnswerBeforeItCloses) {
  Client client(host_.listen(at("127.0.0.1:0")).value());
  client.send(kGetAndClose);
  client.send("bytes that nobody will read");
  turn_until([&] { return client.poll(), client.ended; });
  EXPECT_THAT(client.received, HasSubstr("good day"));
  EXPECT_FALSE(client.was_reset);
}

TEST_F(HttpHostTest, ForgetsAClosedConnectionWhosePeerStaysSilent) {
  Client client(host_.listen(at("127.0.0.1:0")).value());
  client.send(kGetAndClose);
  turn_until([&] { return host_.counters().accepted == 1 && host_.counters().open == 0; });
}

TEST_F(HttpHostTest, WaitsForNoFinOfWhoIsDone) {
  Client client(host_.listen(at("127.0.0.1:0")).value());
  client.send(kUpgrade);
  turn_until([&] { return client.poll(), client.received.ends_with("\r\n\r\n"); });
  client.send(kGoodbye);
  turn_until([&] { return client.poll(), client.received.ends_with(kGoodbye); });
  EXPECT_EQ(host_.connections(), 0U);
  EXPECT_EQ(server_.connections(), 0U);
  client.poll();
  EXPECT_TRUE(client.ended);
  EXPECT_FALSE(client.was_reset);
}

TEST_F(HttpHostTest, SendsSmallAnswersAtOnce) {
  Client client(host_.listen(at("127.0.0.1:0")).value());
  client.send(kGet);
  turn_until([&] { return client.poll(), !client.received.empty(); });
  EXPECT_TRUE(client.server_has_no_delay());
}

TEST_F(HttpHostTest, AnswersWhoFinishesRightAfterTheRequest) {
  Client client(host_.listen(at("127.0.0.1:0")).value());
  client.send(kGet);
  client.finish();
  turn_until([&] { return client.poll(), client.ended; });
  EXPECT_THAT(client.received, HasSubstr("good day"));
}

TEST_F(HttpHostTest, ReadsAllThatCameAtOnceAndTheEndBehindIt) {
  Client client(host_.listen(at("127.0.0.1:0")).value());
  client.send(kUpgrade);
  turn_until([&] { return client.poll(), client.received.ends_with("\r\n\r\n"); });
  client.received.clear();
  std::size_t sent = client.send(std::string(150'000, 'x'));  // more than one read takes
  turn_until([&] { return client.poll(), client.received.size() == sent; });
  sent += client.send("the last");
  client.finish();
  turn_until([&] { return client.poll(), client.ended; });
  EXPECT_EQ(echoed_, sent);
  turn_until([&] { return host_.connections() == 0; });
}

TEST_F(HttpHostTest, TellsAParkedRequestThatItsClientIsGone) {
  const SocketAddress here = host_.listen(at("127.0.0.1:0")).value();
  Client polite(here);
  Client rude(here);
  polite.send("GET /parked HTTP/1.1\r\nHost: x\r\n\r\n");
  rude.send("GET /parked HTTP/1.1\r\nHost: x\r\n\r\n");
  turn_until([&] { return server_.counters().requests == 2; });
  polite.finish();
  turn_until([&] { return aborted_ == 1; });
  rude.reset();
  turn_until([&] { return aborted_ == 2; });
}

TEST_F(HttpHostTest, AnswersInTheTurnThatAcceptsWhoHasAskedAlready) {
  Client client(host_.listen(at("127.0.0.1:0")).value());
  client.send(kGet);
  reactor_.turn(std::chrono::seconds(5));
  client.poll();
  EXPECT_THAT(client.received, testing::EndsWith("good day"));
}

TEST_F(HttpHostTest, HearsThatTheClientHadEndedBeforeItWasAccepted) {
  Client client(host_.listen(at("127.0.0.1:0")).value());
  client.send("GET /parked HTTP/1.1\r\nHost: x\r\n\r\n");
  client.finish();
  turn_until([&] { return client.poll(), client.ended; });
  EXPECT_EQ(aborted_, 1);
}

TEST_F(HttpHostTest, WhoConnectsAndIsSilentIsTakenInALittleLater) {
  Client client(host_.listen(at("127.0.0.1:0")).value());
  turn_until([&] { return host_.counters().open == 1; });  // The kernel waits for bytes.
  client.send(kGet);
  turn_until([&] { return client.poll(), client.received.ends_with("good day"); });
}

TEST_F(HttpHostTest, ClosesAndCountsConnectionsOverTheLimit) {
  const SocketAddress here = host_.listen(at("127.0.0.1:0")).value();
  std::vector<Client> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back(here);
    clients.back().send("G");
  }
  turn_until([&] { return clients.back().poll(), clients.back().ended; });
  EXPECT_EQ(host_.counters().refused_limit, 1U);
  EXPECT_EQ(host_.counters().open, 3U);
}

TEST_F(HttpHostTest, SurvivesRunningOutOfDescriptors) {
  const SocketAddress here = host_.listen(at("127.0.0.1:0")).value();
  Client first(here);
  first.send(kGet.substr(0, 1));
  turn_until([&] { return host_.counters().open == 1; });
  Client second(here);
  second.send("G");
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  const int lowest_free = FileDescriptor(::socket(AF_INET, SOCK_STREAM, 0)).value();
  const rlimit none_left{.rlim_cur = static_cast<rlim_t>(lowest_free), .rlim_max = old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
  turn_until([&] { return second.poll(), second.ended; });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
  EXPECT_EQ(host_.counters().refused_no_descriptor, 1U);

  first.send(kGet.substr(1));
  turn_until([&] { return first.poll(), first.received.ends_with("good day"); });
  Client third(here);
  third.send(kGet);
  turn_until([&] { return third.poll(), third.received.ends_with("good day"); });
}

TEST_F(HttpHostTest, SaysWhichPortIsTaken) {
  const SocketAddress taken = host_.listen(at("127.0.0.1:0")).value();
  const auto again = host_.listen(taken);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().text, HasSubstr(taken.to_string()));
}

TEST_F(HttpHostTest, AcceptsNobodyOnceItHasStoppedListening) {
  const SocketAddress here = host_.listen(at("127.0.0.1:0")).value();
  Client client(here);
  client.send(kUpgrade);
  turn_until([&] { return client.poll(), !client.received.empty(); });
  host_.stop_listening();
  const FileDescriptor late(::socket(AF_INET, SOCK_STREAM, 0));
  const KernelAddress address = to_kernel(here);
  EXPECT_NE(::connect(late.value(), address.pointer(), address.length), 0);
  client.received.clear();
  client.send("still here");
  turn_until([&] { return client.poll(), client.received == "still here"; });
}

}  // namespace
}  // namespace visavis::net
