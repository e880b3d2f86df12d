#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/datagram_batch.hpp"
#include "base/random.hpp"
#include "base/route.hpp"
#include "base/time.hpp"
#include "conference/call_service.hpp"
#include "dtls/identity.hpp"
#include "dtls/seeded_openssl.hpp"
#include "engineio/server.hpp"
#include "http/server.hpp"
#include "sfu/media_worker.hpp"
#include "sim/link.hpp"
#include "socketio/server.hpp"
#include "testpeer/client.hpp"
#include "testpeer/seeded_entropy.hpp"

namespace visavis::conference::sim_world {

struct Datagram {
  Route route;  ///< As the receiver sees it.
  Buffer bytes;
};
using UdpPath = sim::Link<Datagram>;

/// One direction of a TCP connection: in order, nothing lost, and held back while the path is
/// black.
class StreamPath {
 public:
  void send(Instant arrival, Buffer bytes) { in_flight_.push_back({arrival, std::move(bytes)}); }
  void hold(bool held) { held_ = held; }
  void clear() { in_flight_.clear(); }
  [[nodiscard]] std::optional<Buffer> poll(Instant now);
  [[nodiscard]] Instant next_timeout() const {
    return held_ || in_flight_.empty() ? kNever : in_flight_.front().arrival;
  }

 private:
  struct InFlight {
    Instant arrival;
    Buffer bytes;
  };
  std::deque<InFlight> in_flight_;
  bool held_ = false;
};

/// A client's way to the server and back.
struct Network {
  std::string name = "clean";
  UdpPath::Conditions up{};
  UdpPath::Conditions down{};
};

/// The whole server and any number of clients in virtual time, in one thread, out of one seed:
/// every byte between them goes through simulated paths. One world at a time in a process.
class World {
 public:
  explicit World(std::uint64_t seed, Options options = {});
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  /// A new client, which connects at once. Lives as long as the world.
  testpeer::Client& add(testpeer::Client::Options options, const Network& network = {});
  /// A client without a socket, and the secret of its session. Lives as long as the world, too.
  struct Direct {
    testpeer::MediaSession* media = nullptr;
    std::string session;
  };
  /// Makes its offer now, and has the answer at once: what HTTP would take is left out. Whom it
  /// publishes as, or plays, is `name`. Nothing when it was refused.
  std::optional<Direct> add_direct(DirectRole role, const std::string& name,
                                   testpeer::MediaSession::Options options,
                                   const Network& network = {});
  bool hang_up(DirectRole role, const Direct& direct);
  /// Nothing goes through in either direction any more.
  void black_out(const Direct& direct);

  void set_network(const testpeer::Client& client, const Network& network);
  /// Nothing goes through in either direction until `light()`.
  void black_out(const testpeer::Client& client);
  void light(const testpeer::Client& client, const Network& network);
  /// The TCP connection breaks; both ends hear of it.
  void cut_stream(const testpeer::Client& client);
  /// A new TCP connection; the client must have been told what to do with it.
  void connect_stream(testpeer::Client& client);
  /// The client gets another address, without a word to the server.
  void move(testpeer::Client& client);

  /// Garbage at the media port: random bytes, bytes that look like what the port expects, and what
  /// was seen before, from strangers and from the addresses of members.
  void garble_media(std::size_t datagrams);
  /// Connections to the signalling port that say nothing sensible.
  void garble_signalling(std::size_t connections);

  void run_for(Duration duration) { run_until(now_ + duration); }
  /// True as soon as `done` holds; false when it does not within `limit`.
  [[nodiscard]] bool run_until(const std::function<bool()>& done, Duration limit);

  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] const sfu::Counters& media() const { return worker_.counters(); }
  [[nodiscard]] const CallService& calls() const { return calls_; }
  [[nodiscard]] CallService& calls() { return calls_; }
  /// Of all bytes that were sent so far, with their times.
  [[nodiscard]] std::uint64_t digest() const { return digest_; }
  [[nodiscard]] std::uint64_t datagrams() const { return datagrams_; }

 private:
  struct Member {
    std::unique_ptr<testpeer::Client> client;
    std::unique_ptr<testpeer::MediaSession> direct;  ///< Instead of a client.
    SocketAddress address;
    std::optional<http::ConnectionId> connection;
    UdpPath up;
    UdpPath down;
    StreamPath stream_up;
    StreamPath stream_down;
    Duration delay;

    [[nodiscard]] testpeer::MediaSession& media() const {
      return client ? client->media() : *direct;
    }
    [[nodiscard]] Instant next_timeout() const;
  };

  void run_until(Instant end);
  void step(Instant at);
  [[nodiscard]] Instant next_timeout() const;
  void deliver(Member& member);
  void handle_timeouts();
  void settle();
  void move_commands();
  void send_media();
  void send_streams();
  void send_from(Member& member);
  void close_stream(Member& member);
  [[nodiscard]] Member& member_of(const testpeer::Client& client);
  void note(unsigned what, Bytes bytes);
  [[nodiscard]] Buffer garbage(std::size_t size_max);

  dtls::SeededOpenssl openssl_;
  Random random_;
  testpeer::SeededEntropy entropy_;
  Instant now_{std::chrono::seconds(1'000)};
  dtls::Identity server_identity_;
  dtls::Identity client_identity_;
  http::Server http_;
  engineio::Server engineio_;
  socketio::Server socketio_;
  CallService calls_;
  sfu::MediaWorker worker_;
  std::vector<std::unique_ptr<Member>> members_;
  std::unordered_map<SocketAddress, Member*> by_address_;
  std::unordered_map<http::ConnectionId, Member*> by_connection_;
  std::uint64_t next_connection_ = 1;
  std::deque<Datagram> seen_;  // Some of what went to the server lately, to be replayed.
  std::uint32_t next_address_ = 0;
  DatagramBatch batch_{64};
  std::uint64_t digest_ = 0xCBF2'9CE4'8422'2325;
  std::uint64_t datagrams_ = 0;
  unsigned steps_at_once_ = 0;
};

}  // namespace visavis::conference::sim_world
