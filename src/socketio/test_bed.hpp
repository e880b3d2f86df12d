#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "base/entropy.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "engineio/server.hpp"
#include "http/server.hpp"
#include "socketio/server.hpp"

namespace visavis::socketio {

class SeededEntropy final : public Entropy {
 public:
  void fill(MutableBytes bytes) override {
    for (std::byte& byte : bytes) {
      byte = static_cast<std::byte>(random_.next() >> 32U);
    }
  }

 private:
  Random random_{7};
};

/// A whole server in virtual time, and clients that speak to it in the bytes of WebSocket.
class TestBed {
 public:
  using Ms = std::chrono::milliseconds;

  class Client {
   public:
    Client(TestBed& bed, http::ConnectionId id) : bed_(&bed), id_(id) {}

    /// One frame; shorter than 64 kB, masked with zeros.
    void send(std::string_view text) { send_frame(0x81, text); }
    void send_binary(std::string_view bytes) { send_frame(0x82, bytes); }
    /// The TCP connection breaks.
    void vanish() {
      if (!closed_) {
        closed_ = true;
        bed_->http_.handle_closed(bed_->now_, id_);
        bed_->pump();
      }
    }

    /// The packets that came, Engine.IO's own left out: "40{…}", "42[…]"; bytes as "b:…".
    [[nodiscard]] std::vector<std::string> take() { return std::exchange(inbox_, {}); }
    [[nodiscard]] bool closed() const { return closed_; }
    /// How many compressed messages came; they are not read.
    [[nodiscard]] int take_deflated() { return std::exchange(deflated_, 0); }

   private:
    friend class TestBed;

    void send_frame(std::uint8_t opcode, std::string_view payload) {
      Buffer frame{std::byte{opcode}};
      if (payload.size() < 126) {
        frame.push_back(static_cast<std::byte>(0x80U | payload.size()));
      } else {
        frame.push_back(std::byte{0x80U | 126U});
        frame.push_back(static_cast<std::byte>(payload.size() >> 8U));
        frame.push_back(static_cast<std::byte>(payload.size() & 0xFFU));
      }
      frame.resize(frame.size() + 4);
      const Bytes bytes = as_bytes(payload);
      frame.insert(frame.end(), bytes.begin(), bytes.end());
      if (!closed_) {
        bed_->http_.handle_bytes(bed_->now_, id_, frame);
        bed_->pump();
      }
    }

    void receive(Bytes bytes) {
      stream_.append(as_text(bytes));
      if (!upgraded_) {
        const std::size_t end = stream_.find("\r\n\r\n");
        if (end == std::string::npos) {
          return;
        }
        upgraded_ = stream_.starts_with("HTTP/1.1 101");
        stream_.erase(0, end + 4);
      }
      while (upgraded_ && take_frame()) {
      }
    }

    bool take_frame() {
      const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(stream_[at]); };
      if (stream_.size() < 2) {
        return false;
      }
      std::size_t head = 2;
      std::size_t size = byte(1);
      if (size == 126 && stream_.size() >= 4) {
        head = 4;
        size = (std::size_t{byte(2)} << 8U) | byte(3);
      }
      check(size < 65536 && byte(1) != 127);
      if (stream_.size() < head + size) {
        return false;
      }
      handle_frame(byte(0) & 0x0FU, (byte(0) & 0x40U) != 0, stream_.substr(head, size));
      stream_.erase(0, head + size);
      return true;
    }

    void handle_frame(unsigned opcode, bool deflated, std::string payload) {
      if (deflated) {
        ++deflated_;
      } else if (opcode == 2) {
        inbox_.push_back("b:" + payload);
      } else if (opcode == 1 && payload == "2") {
        pongs_due_ += 1;
      } else if (opcode == 8) {
        said_goodbye_ = true;
      } else if (opcode == 1 && payload.starts_with('4')) {
        inbox_.push_back(std::move(payload));
      }
    }

    TestBed* bed_;
    http::ConnectionId id_;
    bool closed_ = false;
    bool upgraded_ = false;
    bool said_goodbye_ = false;
    int pongs_due_ = 0;
    int deflated_ = 0;
    std::string stream_;
    std::vector<std::string> inbox_;
  };

  explicit TestBed(Options options = {}) : TestBed(options, engine_options()) {}
  TestBed(Options options, engineio::Options engine)
      : engine_(http_, std::move(engine), entropy_), io_(engine_, options, entropy_) {}

  static engineio::Options engine_options() {
    engineio::Options options;
    options.path = "/socket.io/";
    return options;
  }

  [[nodiscard]] Server& io() { return io_; }
  [[nodiscard]] engineio::Server& engine() { return engine_; }
  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] Entropy& entropy() { return entropy_; }

  /// A WebSocket; the client has joined no namespace yet.
  Client& open(std::string_view query = "", std::string_view header = "") {
    const http::ConnectionId id(++last_id_);
    Client& client = *clients_.emplace(id, std::make_unique<Client>(*this, id)).first->second;
    http_.handle_open(now_, id, {IpAddress::v4(0x7F000001), 4000}, false);
    std::string request = "GET /socket.io/?EIO=4&transport=websocket";
    request += query;
    request +=
        " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Origin: http://example.org\r\n";
    request += header;
    request += "\r\n";
    http_.handle_bytes(now_, id, as_bytes(request));
    pump();
    return client;
  }
  /// … and one that is in "/" already, its answer read.
  Client& join() {
    Client& client = open();
    client.send("40");
    static_cast<void>(client.take());
    return client;
  }

  /// Lets time pass; pings are answered.
  void pass(Duration time) { pass(time, true); }
  /// … or not.
  void pass_in_silence(Duration time) { pass(time, false); }

  /// From now on what is written does not leave: no client reads.
  void stall() { stalled_ = true; }
  /// All that was held back leaves.
  void flow() {
    stalled_ = false;
    for (const auto& [id, bytes] : std::exchange(held_back_, {})) {
      http_.handle_sent(now_, id, bytes);
    }
    pump();
  }

  /// What a host does after every call from outside.
  void pump() {
    while (auto output = http_.poll_output()) {
      Client& client = *clients_.at(output->connection);
      for (const SharedBytes& bytes : output->bytes) {
        client.receive(*bytes);
        if (stalled_) {
          held_back_.emplace_back(output->connection, bytes->size());
        } else {
          http_.handle_sent(now_, output->connection, bytes->size());
        }
      }
      if ((output->then_close || client.said_goodbye_) && !std::exchange(client.closed_, true)) {
        http_.handle_closed(now_, output->connection);
      }
    }
  }

 private:
  void pass(Duration time, bool answering) {
    const Instant until = now_ + time;
    while (next_timeout() <= until) {
      now_ = std::max(now_, next_timeout());
      http_.handle_timeout(now_);
      engine_.handle_timeout(now_);
      io_.handle_timeout(now_);
      pump();
      if (answering) {
        answer_pings();
      }
    }
    now_ = until;
  }

  [[nodiscard]] Instant next_timeout() const {
    return std::min({http_.next_timeout(), engine_.next_timeout(), io_.next_timeout()});
  }
  void answer_pings() {
    for (auto& [id, client] : clients_) {
      while (client->pongs_due_ > 0) {
        --client->pongs_due_;
        client->send("3");
      }
    }
  }

  Instant now_{std::chrono::seconds(1)};
  SeededEntropy entropy_;
  http::Server http_;
  engineio::Server engine_;
  Server io_;
  bool stalled_ = false;
  std::vector<std::pair<http::ConnectionId, std::size_t>> held_back_;
  std::uint64_t last_id_ = 0;
  std::map<http::ConnectionId, std::unique_ptr<Client>> clients_;
};

}  // namespace visavis::socketio
