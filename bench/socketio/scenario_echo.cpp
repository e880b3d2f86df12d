#include <cstdint>
#include <deque>

#include "socketio/scenario.hpp"

// Requests with an answer each, over WebSocket: as many on their way as the depth says.

namespace visavis::bench {
namespace {

struct Echo {
  std::size_t depth = 1;
  std::string argument = "\"12345678\"";
  bool binary = false;
};

/// One client of the closed loop: each answer sends the next request.
class EchoClient {
 public:
  EchoClient(SocketClient& client, const Echo& echo, std::uint64_t& answered, Latencies& latencies)
      : client_(client), echo_(echo), answered_(answered), latencies_(latencies) {
    client_.on_packet([this](bool binary, std::string_view) {
      // A binary answer is a text and then its attachment.
      if (binary == echo_.binary) {
        ++answered_;
        latencies_.add(now_s() - sent_.front());
        sent_.pop_front();
        send();
      }
    });
  }

  void start() {
    for (std::size_t i = 0; i < echo_.depth; ++i) {
      send();
    }
    client_.flush();
  }

 private:
  void send() {
    text_ = echo_.binary ? "451-" : "42";
    text_ += std::to_string(next_id_++);
    text_ += "[\"echo\",";
    text_ += echo_.argument;
    text_ += ']';
    client_.write_text(text_);
    if (echo_.binary) {
      client_.write_binary(bytes_);
    }
    sent_.push_back(now_s());
  }

  SocketClient& client_;
  const Echo& echo_;
  std::uint64_t& answered_;
  Latencies& latencies_;
  std::uint64_t next_id_ = 0;
  std::string text_;
  std::string bytes_ = std::string(64, 'b');
  std::deque<double> sent_;
};

Figures run(Context& context, const Echo& echo) {
  const std::size_t count = context.connections > 0 ? context.connections : 100;
  Clients clients = open_clients(context, count);
  if (clients.size() < count) {
    return {};
  }
  std::uint64_t answered = 0;
  Latencies latencies;
  std::vector<std::unique_ptr<EchoClient>> echoes;
  for (const auto& client : clients) {
    echoes.push_back(std::make_unique<EchoClient>(*client, echo, answered, latencies));
    echoes.back()->start();
  }
  return measure(context, answered, latencies, [&](double seconds) { turn_for(context, seconds); });
}

}  // namespace

Figures echo_depth_1(Context& context) {
  return run(context, {});
}

Figures echo_depth_10(Context& context) {
  return run(context, {.depth = 10});
}

Figures echo_1_kb(Context& context) {
  return run(context, {.depth = 10, .argument = '"' + std::string(1024, 'k') + '"'});
}

Figures echo_binary(Context& context) {
  return run(context,
             {.depth = 10, .argument = R"({"_placeholder":true,"num":0})", .binary = true});
}

}  // namespace visavis::bench
