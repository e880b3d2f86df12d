#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/datagram_batch.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "dtls/identity.hpp"
#include "load/histogram.hpp"
#include "load/options.hpp"
#include "load/results.hpp"
#include "load/sent_log.hpp"
#include "load/stream_watch.hpp"
#include "load/timer_wheel.hpp"
#include "load/virtual_client.hpp"
#include "net/reactor.hpp"
#include "net/tcp_connection.hpp"
#include "net/udp_socket.hpp"
#include "rtp/rtp_packet.hpp"
#include "srtp/cipher.hpp"

namespace visavis::load {

/// What a client is there for.
struct Part {
  bool publishes = false;
  bool views = false;
  bool comes_and_goes = false;  ///< One of a churn.
  std::string room;
  std::string name;  ///< WHEP: whom it plays.
};

/// Thousands of clients on one thread, with their sockets.
///
/// On loopback they share one UDP socket: each has an address of 127.0.0.0/8 of its own, by which
/// the kernel tells us whose a datagram is (IP_PKTINFO), so there is no descriptor, no receive
/// buffer and no system call per client. Elsewhere each has a socket.
class Swarm {
 public:
  struct Census {
    std::size_t publishers = 0;
    std::size_t viewers = 0;
    std::size_t connected = 0;  ///< Of all.
    std::size_t seeing = 0;     ///< Viewers who had a first frame.
    std::uint64_t failed = 0;
    std::string failure;
  };
  /// Counted over all clients since the beginning.
  struct Totals {
    std::uint64_t forwarded = 0;
    std::uint64_t bytes = 0;
    std::uint64_t refused_remote = 0;  ///< Datagrams that would have left this machine.
    Published video;
    Published audio;
  };

  Swarm(net::Reactor& reactor, const Options& options, Entropy& entropy);
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;
  ~Swarm();

  /// Opens what all share. Call first.
  [[nodiscard]] std::expected<void, Error> open();
  /// A new client, started; its number. Nothing when all places are taken.
  std::optional<std::size_t> add(Instant now, const Part& part);
  void leave(Instant now, std::size_t client);
  void leave_all(Instant now);

  [[nodiscard]] const Census& census() const { return census_; }
  [[nodiscard]] const Totals& totals() const { return totals_; }
  [[nodiscard]] std::size_t size() const { return members_.size() - free_.size(); }

  /// From here on counts what `end_span()` gives.
  void begin_span();
  /// Everything of a result that clients know.
  [[nodiscard]] Result end_span() const;
  [[nodiscard]] const Histogram& latency() const { return latency_; }
  [[nodiscard]] Histogram& first_frame() { return first_frame_; }
  [[nodiscard]] std::uint64_t drops() const;

 private:
  struct Stream {
    rtp::Ssrc ssrc;
    std::optional<rtp::Ssrc> rtx_ssrc;
    rtp::MediaKind kind = rtp::MediaKind::kVideo;
    StreamWatch watch;
    StreamCounts before;
    std::uint64_t frames_before = 0;  // Of the source.
    std::uint64_t packets_before = 0;
  };
  struct Member {
    Part part;
    std::unique_ptr<VirtualClient> client;
    std::vector<SocketAddress> hosts;      // Its candidates.
    std::optional<net::UdpSocket> socket;  // Its own, off loopback.
    net::Reactor::Watch socket_watch;
    std::unique_ptr<net::TcpConnection> stream;
    net::Reactor::Watch stream_watch;
    std::vector<Stream> streams;
    std::unique_ptr<SentLog> video;
    std::unique_ptr<SentLog> audio;
    std::string unreachable;  // Why its server could not be connected to.
    bool answered = false;    // The server has said something on the connection.
    bool opened = false;      // Every packet is.
    bool connected = false;
    bool sees = false;
    bool dirty = false;
    bool counted_failed = false;
  };
  struct Source {
    std::size_t member;
    rtp::MediaKind kind;
  };

  [[nodiscard]] std::unique_ptr<VirtualClient> make_client(Instant now, std::size_t index,
                                                           const Part& part);
  [[nodiscard]] testpeer::MediaSession::Options media_options(std::size_t index,
                                                              const Part& part) const;
  [[nodiscard]] std::expected<void, Error> open_own_socket(std::size_t index);
  [[nodiscard]] SocketAddress signalling_address() const;
  void release(std::size_t index);

  void receive(net::UdpSocket& socket);
  void handle_datagram(Instant now, std::size_t index, const Datagram& datagram);
  [[nodiscard]] static bool is_rtp(Bytes datagram);
  void note_rtp(Instant now, Member& member, const rtp::PacketView& packet);
  void note_arrival(Instant now, Member& member, Stream& stream, const rtp::PacketView& packet);
  [[nodiscard]] static Stream* stream_of(Member& member, const rtp::PacketView& packet);
  void learn(Member& member, Stream& stream, const rtp::PacketView& packet);
  void note_first_frame(Instant now, Member& member, rtp::MediaKind kind);

  void touch(std::size_t index);
  bool settle(Instant now);
  void settle_member(Instant now, std::size_t index);
  void flush_datagrams(Instant now, std::size_t index);
  void note_published(Instant now, Member& member, std::size_t first_cell);
  void send_batch(net::UdpSocket& by);
  [[nodiscard]] net::UdpSocket& socket_of(Member& member);
  /// Adds one viewer's figures of the span to the result.
  static void count_viewer(const Member& member, Result& result);
  void follow_phase(std::size_t index);
  void follow_stream(Instant now, std::size_t index);
  void open_stream(std::size_t index);
  static void note_unreachable(Member& member);
  void read_stream(Instant now, std::size_t index);
  void close_stream(Instant now, std::size_t index);

  net::Reactor& reactor_;
  const Options& options_;
  std::unique_ptr<srtp::Cipher> cipher_;
  dtls::Identity identity_;
  Random random_;
  std::vector<IpAddress> own_addresses_;  ///< Off loopback.
  std::optional<net::UdpSocket> shared_;
  net::Reactor::Watch shared_watch_;
  Instant read_at_ = kNever;  ///< The next tick, where datagrams are read by ticks.
  std::vector<Member> members_;
  std::vector<std::size_t> free_;
  std::unordered_map<std::uint32_t, Source> sources_;  // By what their stamps say.
  TimerWheel timers_;
  std::vector<std::size_t> dirty_;
  DatagramBatch batch_;
  Buffer scratch_;
  std::size_t viewers_added_ = 0;
  Census census_;
  Totals totals_;

  Histogram latency_;
  Histogram first_frame_;
  Totals totals_before_;
  StreamCounts departed_video_;
  StreamCounts departed_audio_;
  std::uint64_t departed_drops_ = 0;  // At sockets of clients that are gone.
};

}  // namespace visavis::load
