#pragma once

#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "app/media_link.hpp"
#include "base/datagram_batch.hpp"
#include "dtls/identity.hpp"
#include "net/paced_watch.hpp"
#include "net/reactor.hpp"
#include "net/system_entropy.hpp"
#include "net/udp_socket.hpp"
#include "sfu/media_worker.hpp"

namespace visavis::app {

/// One media worker with its sockets, on a thread of its own from construction to destruction.
class MediaThread {
 public:
  /// `link` outlives it.
  MediaThread(MediaLink& link, dtls::Identity identity, const sfu::MediaWorker::Options& options,
              std::vector<net::UdpSocket> sockets);
  MediaThread(const MediaThread&) = delete;
  MediaThread& operator=(const MediaThread&) = delete;
  /// Carries out the commands that wait, then ends.
  ~MediaThread();

  /// What computes SRTP.
  [[nodiscard]] std::string_view cipher_name() const { return worker_.cipher_name(); }

 private:
  void watch(net::UdpSocket& socket);
  /// At most so many rings of buffers.
  void receive(Instant now, net::UdpSocket& socket, int rings);
  void catch_up(Instant now);
  [[nodiscard]] net::PacedWatch::Found receive_reports(Instant now, Duration waited,
                                                       net::UdpSocket& socket);
  void take_commands(Instant now);
  Instant flush(Instant now);
  void look(Instant now);
  void finish(Instant now);
  void give_events(Instant now);
  [[nodiscard]] MediaMeans means() const;
  [[nodiscard]] FromMedia message_of(sfu::Event event) const;

  MediaLink& link_;
  net::SystemEntropy entropy_;
  net::Reactor reactor_;
  std::vector<net::UdpSocket> sockets_;
  sfu::MediaWorker worker_;
  DatagramBatch batch_;
  Instant events_again_at_ = kNever;
  std::vector<net::Reactor::Watch> watches_;
  std::vector<std::unique_ptr<net::PacedWatch>> reports_;
  std::jthread thread_;  // Last: it uses all of the above.
};

}  // namespace visavis::app
