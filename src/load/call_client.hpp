#pragma once

#include <string>

#include "load/virtual_client.hpp"
#include "testpeer/client.hpp"

namespace visavis::load {

/// A participant of our own call protocol over Socket.IO.
class CallClient final : public VirtualClient {
 public:
  struct Options {
    SocketAddress server;
    testpeer::Client::Options client;
  };

  CallClient(Instant now, Options options, const dtls::Identity& identity, Random random)
      : server_(options.server), client_(now, std::move(options.client), identity, random) {}

  void start(Instant now) override {
    give_up_at_ = now + kPatience;
    client_.start(now);
  }
  void leave(Instant now) override {
    if (client_.signalling().state() == testpeer::SignallingClient::State::kConnected) {
      client_.leave(now);
    }
    left_ = true;
  }
  [[nodiscard]] bool wants_stream() const override {
    return client_.signalling().state() != testpeer::SignallingClient::State::kClosed && !gone();
  }
  [[nodiscard]] const SocketAddress& server() const override { return server_; }
  void handle_stream_bytes(Instant now, Bytes bytes) override {
    client_.handle_stream_bytes(now, bytes);
  }
  void handle_stream_closed(Instant now) override { client_.handle_stream_closed(now); }
  [[nodiscard]] Buffer poll_stream_output() override { return client_.poll_stream_output(); }
  void handle_timeout(Instant now) override {
    client_.handle_timeout(now);
    if (client_.media().connected()) {
      give_up_at_ = kNever;
    } else if (now >= give_up_at_) {
      timed_out_ = true;
      give_up_at_ = kNever;
    }
  }
  [[nodiscard]] Instant next_timeout() const override {
    return std::min(give_up_at_, client_.next_timeout());
  }
  [[nodiscard]] Phase phase() const override {
    if (left_) {
      return gone() ? Phase::kGone : Phase::kLeaving;
    }
    if (!failure().empty()) {
      return Phase::kFailed;
    }
    return client_.times().joined ? Phase::kInside : Phase::kStarting;
  }
  [[nodiscard]] std::string failure() const override {
    if (!client_.refusals().empty()) {
      return client_.refusals().front();
    }
    if (client_.signalling().state() == testpeer::SignallingClient::State::kClosed) {
      return "signalling closed: " + client_.signalling().failure();
    }
    if (timed_out_) {
      return "no media connection in 15 s";
    }
    return client_.media().report().failed ? "ICE or DTLS failed" : "";
  }
  [[nodiscard]] std::optional<Instant> asked_at() const override {
    return client_.times().join_sent;
  }
  [[nodiscard]] testpeer::MediaSession& media() override { return client_.media(); }

 private:
  /// Only when the goodbye was answered: a connection that is closed while something unread waits
  /// is reset, and what was written last may be lost (RFC 9293 §3.10.4).
  [[nodiscard]] bool gone() const {
    const bool open = client_.signalling().state() == testpeer::SignallingClient::State::kConnected;
    return left_ && (!open || client_.signalling().unanswered() == 0);
  }

  SocketAddress server_;
  testpeer::Client client_;
  Instant give_up_at_ = kNever;
  bool left_ = false;
  bool timed_out_ = false;
};

}  // namespace visavis::load
