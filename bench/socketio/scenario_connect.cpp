#include <cstdint>

#include "socketio/polling_client.hpp"
#include "socketio/scenario.hpp"

// Clients that come and go, and what polling costs.

namespace visavis::bench {
namespace {

/// Someone who comes, does his part and is replaced when he is `done`.
class Visitor {
 public:
  Visitor() = default;
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;
  virtual ~Visitor() = default;

  [[nodiscard]] virtual bool done() const = 0;
  [[nodiscard]] virtual bool failed() const = 0;
  /// From the first byte to what the scenario waits for.
  [[nodiscard]] double took_s() const { return took_s_; }

 protected:
  void arrived() { took_s_ = now_s() - start_; }

 private:
  double start_ = now_s();
  double took_s_ = 0;
};

template <class Of>
Figures run_visitors(Context& context, std::size_t at_a_time) {
  std::vector<std::unique_ptr<Visitor>> visitors(at_a_time);
  std::uint64_t visits = 0;
  std::uint64_t failures = 0;
  Latencies latencies;
  const auto visit_for = [&](double seconds) {
    const double end = now_s() + seconds;
    while (now_s() < end && failures < 100) {
      for (auto& visitor : visitors) {
        if (visitor && visitor->failed()) {
          ++failures;
          visitor.reset();
        } else if (visitor && visitor->done()) {
          ++visits;
          latencies.add(visitor->took_s());
          visitor.reset();
        }
        if (!visitor) {
          visitor = std::make_unique<Of>(context);
        }
      }
      context.loop.turn(5);
    }
  };
  Figures figures = measure(context, visits, latencies, visit_for);
  return failures > 0 ? Figures() : figures;
}

/// Connects, joins, leaves.
class SocketVisitor final : public Visitor {
 public:
  explicit SocketVisitor(Context& context) : client_(context.loop, context.target) {
    client_.on_ready([this] {
      arrived();
      client_.write_text("41");
      client_.write_close();
    });
  }
  [[nodiscard]] bool done() const override { return client_.ready() && client_.ended(); }
  [[nodiscard]] bool failed() const override { return client_.failed(); }

 private:
  SocketClient client_;
};

class PollingVisitor final : public Visitor {
 public:
  explicit PollingVisitor(Context& context) : client_(context.loop, context.target) {
    client_.hold_polls();
    client_.on_ready([this] {
      arrived();
      client_.post("1", [this] { done_ = true; });
      client_.flush();
    });
  }
  [[nodiscard]] bool done() const override { return done_; }
  [[nodiscard]] bool failed() const override { return client_.failed(); }

 private:
  PollingClient client_;
  bool done_ = false;
};

/// Joins over polling, changes to WebSocket as the official client does, and echoes once there.
class UpgradingVisitor final : public Visitor {
 public:
  explicit UpgradingVisitor(Context& context)
      : context_(context), polling_(context.loop, context.target) {
    polling_.on_ready([this] { wants_socket_ = true; });
    polling_.on_held([this] {
      held_ = true;
      change_over();
    });
  }
  [[nodiscard]] bool done() const override {
    // Asked between two turns: the place to begin the second connection.
    const_cast<UpgradingVisitor*>(this)->begin_upgrade();  // NOLINT
    return done_;
  }
  [[nodiscard]] bool failed() const override {
    return !done_ && (polling_.failed() || (socket_ && socket_->failed()));
  }

 private:
  void begin_upgrade() {
    if (!wants_socket_ || socket_) {
      return;
    }
    socket_ = std::make_unique<SocketClient>(context_.loop, context_.target,
                                             SocketClient::Options{.sid = polling_.sid()});
    socket_->on_ready([this] { socket_->write_text("2probe"); });
    socket_->on_packet([this](bool, std::string_view packet) {
      if (packet == "3probe") {
        polling_.hold_polls();
        probed_ = true;
        change_over();
      } else if (packet.starts_with("43")) {
        arrived();
        done_ = true;
      }
    });
  }
  void change_over() {
    if (probed_ && held_) {
      socket_->write_text("5");
      socket_->write_text(R"(420["echo","x"])");
      socket_->flush();
    }
  }

  Context& context_;
  PollingClient polling_;
  std::unique_ptr<SocketClient> socket_;
  bool wants_socket_ = false;
  bool probed_ = false;
  bool held_ = false;
  bool done_ = false;
};

/// One polling session of the closed loop; a POST goes when the last one's "ok" and ack are here.
struct PollingEcho {
  std::unique_ptr<PollingClient> client;
  std::uint64_t* answered = nullptr;
  Latencies* latencies = nullptr;
  int waits_for = 0;
  double sent = 0;

  void start() {
    client->on_packet([this](std::string_view) { arrived(); });
    send();
    client->flush();
  }
  void arrived() {
    if (--waits_for == 0) {
      ++*answered;
      latencies->add(now_s() - sent);
      send();
      client->flush();
    }
  }
  void send() {
    waits_for = 2;
    sent = now_s();
    client->post(R"(420["echo","12345678"])", [this] { arrived(); });
  }
};

}  // namespace

Figures handshake(Context& context) {
  return run_visitors<SocketVisitor>(context, 64);
}

Figures polling_handshake(Context& context) {
  return run_visitors<PollingVisitor>(context, 64);
}

Figures upgrade(Context& context) {
  return run_visitors<UpgradingVisitor>(context, 8);
}

Figures polling_echo(Context& context) {
  std::uint64_t answered = 0;
  Latencies latencies;
  std::vector<std::unique_ptr<PollingEcho>> sessions;
  for (std::size_t i = 0; i < 100; ++i) {
    auto& session = *sessions.emplace_back(std::make_unique<PollingEcho>());
    session.client = std::make_unique<PollingClient>(context.loop, context.target);
    session.answered = &answered;
    session.latencies = &latencies;
    if (!turn_until(context, 5, [&] { return session.client->ready(); })) {
      return {};
    }
    session.start();
  }
  return measure(context, answered, latencies, [&](double seconds) { turn_for(context, seconds); });
}

}  // namespace visavis::bench
