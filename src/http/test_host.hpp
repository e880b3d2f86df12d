#pragma once

#include <map>
#include <string>
#include <string_view>

#include "http/server.hpp"

namespace visavis::http {

/// For tests: a host without sockets. What the server writes is gathered as text and counts as sent
/// at once, unless the connection is held up.
class TestHost {
 public:
  explicit TestHost(Server& server) : server_(server) {}

  struct Peer {
    std::string received;
    std::size_t unsent = 0;
    bool holds_up = false;  ///< reads nothing
    bool closed = false;
    bool at_once = false;
  };

  ConnectionId open(Instant now) {
    const ConnectionId id(++last_id_);
    peers_[id];
    server_.handle_open(now, id, {IpAddress::v4(0x7F000001), 50'000}, false);
    settle(now);
    return id;
  }

  /// Everything that the server has to say goes out.
  void settle(Instant now) {
    while (auto output = server_.poll_output()) {
      Peer& peer = peers_.at(output->connection);
      std::size_t size = 0;
      for (const SharedBytes& bytes : output->bytes) {
        peer.received += as_text(*bytes);
        size += bytes->size();
      }
      peer.unsent += size;
      if (!peer.holds_up && !output->at_once) {
        server_.handle_sent(now, output->connection, std::exchange(peer.unsent, 0));
      }
      if (output->then_close) {
        peer.at_once = output->at_once;
        close(now, output->connection);
      }
    }
  }

  void send(Instant now, ConnectionId id, std::string_view text) { send(now, id, as_bytes(text)); }
  void send(Instant now, ConnectionId id, Bytes bytes) {
    if (!peers_.at(id).closed) {
      server_.handle_bytes(now, id, bytes);
      settle(now);
    }
  }
  /// The client's FIN.
  void finish(Instant now, ConnectionId id) {
    server_.handle_end(now, id);
    settle(now);
  }
  /// The connection is gone.
  void close(Instant now, ConnectionId id) {
    if (!std::exchange(peers_.at(id).closed, true)) {
      server_.handle_closed(now, id);
      settle(now);
    }
  }
  void hold_up(ConnectionId id) { peers_.at(id).holds_up = true; }
  /// The client reads on.
  void let_go(Instant now, ConnectionId id) {
    Peer& peer = peers_.at(id);
    peer.holds_up = false;
    server_.handle_sent(now, id, std::exchange(peer.unsent, 0));
    settle(now);
  }
  void handle_timeout(Instant now) {
    server_.handle_timeout(now);
    settle(now);
  }

  /// What has come since the last call.
  std::string take(ConnectionId id) { return std::exchange(peers_.at(id).received, {}); }
  [[nodiscard]] const Peer& peer(ConnectionId id) const { return peers_.at(id); }
  [[nodiscard]] bool closed(ConnectionId id) const { return peers_.at(id).closed; }

 private:
  Server& server_;
  std::map<ConnectionId, Peer> peers_;
  std::uint64_t last_id_ = 0;
};

}  // namespace visavis::http
