#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "engineio/server.hpp"
#include "http/test_host.hpp"
#include "websocket/message_reader.hpp"

namespace visavis::engineio {

class SeededEntropy final : public Entropy {
 public:
  void fill(MutableBytes bytes) override {
    for (std::byte& byte : bytes) {
      byte = static_cast<std::byte>(random_.next() & 0xFFU);
    }
  }

 private:
  Random random_{42};
};

/// An answer as a test wants to see it.
struct Answer {
  unsigned status = 0;  ///< 0: none yet
  std::string head;
  std::string body;

  friend bool operator==(const Answer& a, const Answer& b) {
    return a.status == b.status && a.body == b.body;
  }
};
inline void PrintTo(const Answer& answer, std::ostream* to) {
  *to << answer.status << " " << answer.body;
}
inline Answer ok(std::string body) {
  return {200, {}, std::move(body)};
}

/// For tests: a server that echoes, driven with raw bytes in virtual time.
class TestServer {
 public:
  static Options quick_options() {
    Options options;
    options.ping_interval = std::chrono::milliseconds(300);
    options.ping_timeout = std::chrono::milliseconds(200);
    return options;
  }

  explicit TestServer(Options options = quick_options())
      : options_(std::move(options)), server_(http_, options_, entropy_) {
    server_.set_handlers(
        {.open =
             [this](Instant, SessionHandle handle, const Handshake& handshake) {
               sessions.push_back(handle);
               log("open " + std::string(handshake.transport));
             },
         .message =
             [this](Instant at, SessionHandle handle, bool binary, Bytes bytes) {
               if (on_message) {
                 on_message(at, handle, as_text(bytes));
               } else {
                 server_.send(at, handle,
                              binary ? binary_message(bytes) : text_message(as_text(bytes)));
               }
             },
         .close = [this](Instant, SessionHandle,
                         CloseReason reason) { log("close " + std::string(to_string(reason))); },
         .drain = [this](Instant, SessionHandle) { ++drained; },
         .high_water = [this](Instant, SessionHandle,
                              std::size_t bytes) { log("high water " + std::to_string(bytes)); }});
  }

  // The world.

  /// Lets time pass, waking the server whenever it asks for it.
  void sleep(Duration duration) {
    const Instant until = now + duration;
    while (true) {
      const Instant next = std::min(http_.next_timeout(), server_.next_timeout());
      if (next > until) {
        break;
      }
      now = std::max(now, next);
      server_.handle_timeout(now);
      http_.handle_timeout(now);
      host_.settle(now);
    }
    now = until;
  }
  std::string take_log() { return std::exchange(log_, {}); }

  // Raw HTTP.

  http::ConnectionId begin(std::string_view method, std::string_view query,
                           std::optional<std::string_view> body = {},
                           std::string_view fields = {}) {
    const http::ConnectionId id = host_.open(now);
    std::string request = std::string(method) + " " + options_.path + "?" + std::string(query) +
                          " HTTP/1.1\r\nHost: h\r\n" + std::string(fields);
    if (body) {
      request += "Content-Length: " + std::to_string(body->size()) + "\r\n";
    }
    host_.send(now, id, request + "\r\n" + std::string(body.value_or("")));
    return id;
  }
  Answer answer(http::ConnectionId id) {
    const std::string text = host_.take(id);
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string::npos) {
      return {};
    }
    return {static_cast<unsigned>(std::stoul(text.substr(9, 3))), text.substr(0, end + 2),
            text.substr(end + 4)};
  }
  Answer request(std::string_view method, std::string_view query,
                 std::optional<std::string_view> body = {}, std::string_view fields = {}) {
    return answer(begin(method, query, body, fields));
  }

  // Polling.

  static std::string polling(std::string_view sid = {}) {
    return "EIO=4&transport=polling" + (sid.empty() ? "" : "&sid=" + std::string(sid));
  }
  static std::string sid_of(std::string_view open_packet) {
    const std::size_t start = open_packet.find("\"sid\":\"") + 7;
    return std::string(open_packet.substr(start, 20));
  }
  std::string open_polling() { return sid_of(request("GET", polling()).body); }
  http::ConnectionId park(std::string_view sid) { return begin("GET", polling(sid)); }
  Answer poll(std::string_view sid) { return request("GET", polling(sid)); }
  Answer post(std::string_view sid, std::string_view body, std::string_view fields = {}) {
    return request("POST", polling(sid), body, fields);
  }

  // WebSocket.

  static std::string upgrade_fields() {
    return "Connection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
  }
  /// The handshake's answer is left out of what `frames` tells.
  http::ConnectionId open_socket(std::string_view sid = {}, std::string_view fields = {}) {
    const std::string query =
        "EIO=4&transport=websocket" + (sid.empty() ? "" : "&sid=" + std::string(sid));
    const http::ConnectionId id = begin("GET", query, {}, upgrade_fields() + std::string(fields));
    const std::string text = host_.take(id);
    const std::size_t end = text.find("\r\n\r\n");
    rest_[id] = text.substr(end + 4);
    return id;
  }
  void send_frame(http::ConnectionId id, websocket::Opcode opcode, std::string_view payload,
                  bool compressed = false) {
    const websocket::Mask mask = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
    host_.send(now, id, Bytes(encode_masked_frame(opcode, as_bytes(payload), mask, compressed)));
  }
  void say(http::ConnectionId id, std::string_view packet) {
    send_frame(id, websocket::Opcode::kText, packet);
  }
  /// What came since the last call: text as it is, binary as "B…", close as "C" and its code.
  std::vector<std::string> frames(http::ConnectionId id) {
    const std::string wire = std::exchange(rest_[id], {}) + host_.take(id);
    Bytes input = as_bytes(wire);
    auto [reader, fresh] = readers_.try_emplace(
        id, websocket::Role::kClient,
        websocket::MessageReader::Options{.message_bytes_max = 10'000'000, .inflater = &inflater_});
    std::vector<std::string> log;
    while (true) {
      const auto message = reader->second.read(input);
      if (!message || !*message) {
        return log;
      }
      const std::string text(as_text((*message)->payload));
      switch ((*message)->opcode) {
        case websocket::Opcode::kText: log.push_back(text); break;
        case websocket::Opcode::kClose:
          log.push_back("C" + (text.empty()
                                   ? ""
                                   : std::to_string((static_cast<unsigned char>(text[0]) << 8U) |
                                                    static_cast<unsigned char>(text[1]))));
          break;
        default: log.push_back("B" + text); break;
      }
    }
  }

  Instant now{};
  std::vector<SessionHandle> sessions;
  std::move_only_function<void(Instant, SessionHandle, std::string_view)> on_message;
  int drained = 0;

  Server& server() { return server_; }
  http::Server& http() { return http_; }
  http::TestHost& host() { return host_; }

 private:
  void log(const std::string& line) { log_ += log_.empty() ? line : ", " + line; }

  Options options_;
  http::Server http_;
  http::TestHost host_{http_};
  SeededEntropy entropy_;
  Server server_;
  websocket::Inflater inflater_;
  std::map<http::ConnectionId, std::string> rest_;
  std::map<http::ConnectionId, websocket::MessageReader> readers_;
  std::string log_;
};

}  // namespace visavis::engineio
