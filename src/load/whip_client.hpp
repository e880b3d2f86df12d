#pragma once

#include <string>

#include "base/random.hpp"
#include "dtls/identity.hpp"
#include "load/http_exchange.hpp"
#include "load/virtual_client.hpp"

namespace visavis::load {

/// Publishes by WHIP (RFC 9725) or plays by WHEP in its plain form: the offer in a POST, the answer
/// in the 201, DELETE on its Location.
class WhipClient final : public VirtualClient {
 public:
  struct Options {
    Url url;
    std::string bearer;
    testpeer::MediaSession::Options media;          ///< `offer` says whether it publishes or plays.
    rtp::MediaKind wants = rtp::MediaKind::kVideo;  ///< What a player has come for.
    bool stays_on_loopback = true;  ///< A server whose candidates are elsewhere is a failure.
  };

  WhipClient(Instant now, Options options, const dtls::Identity& identity, Random random);

  void start(Instant now) override;
  void leave(Instant now) override;
  [[nodiscard]] bool wants_stream() const override { return exchanging_; }
  [[nodiscard]] const SocketAddress& server() const override { return options_.url.at; }
  void handle_stream_bytes(Instant now, Bytes bytes) override;
  void handle_stream_closed(Instant now) override;
  [[nodiscard]] Buffer poll_stream_output() override;
  void handle_timeout(Instant now) override;
  [[nodiscard]] Instant next_timeout() const override;
  [[nodiscard]] Phase phase() const override { return phase_; }
  [[nodiscard]] std::string failure() const override { return failure_; }
  [[nodiscard]] std::optional<Instant> asked_at() const override { return asked_at_; }
  [[nodiscard]] testpeer::MediaSession& media() override { return media_; }

 private:
  void ask(Instant now, const Url& url, const HttpRequest& request);
  void follow(Instant now, HttpReader::State state);
  void handle_response(Instant now, const HttpResponse& response);
  [[nodiscard]] std::string fault_of_answer() const;
  void remove(Instant now);
  void fail(std::string why);

  Options options_;
  testpeer::MediaSession media_;
  Phase phase_ = Phase::kStarting;
  std::string failure_;
  std::optional<Instant> asked_at_;
  std::optional<Url> resource_;  // Location: what DELETE is for.
  bool exchanging_ = false;
  bool stream_open_ = false;  // Or wanted, which soon is the same.
  bool leaves_ = false;       // As soon as it is inside.
  std::string unsent_;
  HttpReader reader_;
  Instant give_up_at_ = kNever;
};

}  // namespace visavis::load
