#include "testpeer/signalling_client.hpp"

#include <charconv>
#include <utility>

#include "base/base64.hpp"
#include "base/check.hpp"
#include "websocket/handshake.hpp"

namespace visavis::testpeer {
namespace {

constexpr std::size_t kResponseMax = 16'384;

/// The value of a header field in an HTTP response; names are told apart by case as our server
/// writes them.
std::string_view header_field(std::string_view response, std::string_view name) {
  const std::size_t at = response.find("\r\n" + std::string(name) + ": ");
  if (at == std::string_view::npos) {
    return {};
  }
  const std::string_view rest = response.substr(at + name.size() + 4);
  return rest.substr(0, rest.find("\r\n"));
}

/// Takes digits off the front.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec != std::errc()) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(result.ptr - text.data()));
  return number;
}

}  // namespace

void SignallingClient::start(Instant /*now*/) {
  check(state_ == State::kIdle);
  Buffer nonce(16);
  for (std::byte& octet : nonce) {
    octet = static_cast<std::byte>(random_.next());
  }
  key_ = to_base64(nonce);
  const std::string request = "GET " + options_.path +
                              "?EIO=4&transport=websocket HTTP/1.1\r\nHost: " + options_.host +
                              "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
                              key_ + "\r\n\r\n";
  output_ = to_buffer(request);
  state_ = State::kUpgrading;
}

void SignallingClient::handle_bytes(Instant now, Bytes bytes) {
  if (state_ == State::kUpgrading) {
    handle_upgrade_bytes(now, bytes);
  } else if (state_ != State::kClosed) {
    handle_frames(now, bytes);
  }
}

void SignallingClient::handle_closed() {
  if (state_ != State::kClosed) {
    fail("the server closed the connection");
  }
}

void SignallingClient::fail(std::string why) {
  state_ = State::kClosed;
  failure_ = std::move(why);
  waiting_.clear();
}

void SignallingClient::handle_upgrade_bytes(Instant now, Bytes bytes) {
  response_ += as_text(bytes);
  const std::size_t end = response_.find("\r\n\r\n");
  if (end == std::string::npos) {
    if (response_.size() > kResponseMax) {
      fail("the answer to the upgrade has no end");
    }
    return;
  }
  const Buffer rest = to_buffer(std::string_view(response_).substr(end + 4));
  response_.resize(end + 2);
  if (!response_.starts_with("HTTP/1.1 101 ")) {
    fail("the upgrade was refused: " + response_.substr(0, response_.find("\r\n")));
    return;
  }
  if (header_field(response_, "Sec-WebSocket-Accept") != websocket::accept_key(key_)) {
    fail("Sec-WebSocket-Accept is wrong");
    return;
  }
  state_ = State::kOpening;
  response_ = {};
  handle_frames(now, rest);
}

void SignallingClient::handle_frames(Instant now, Bytes bytes) {
  while (state_ != State::kClosed) {
    const auto message = reader_.read(bytes);
    if (!message) {
      fail("a malformed WebSocket frame");
      return;
    }
    if (!*message) {
      return;
    }
    const websocket::Message& read = **message;
    if (read.opcode == websocket::Opcode::kText) {
      handle_engine_packet(now, as_text(read.payload));
    } else if (read.opcode == websocket::Opcode::kPing) {
      send_frame(websocket::Opcode::kPong, read.payload);
    } else if (read.opcode == websocket::Opcode::kClose) {
      fail("the server closed the WebSocket");
    }
  }
}

void SignallingClient::handle_engine_packet(Instant now, std::string_view packet) {
  const char type = packet.empty() ? '\0' : packet.front();
  switch (type) {
    case '0':
      state_ = State::kConnecting;
      send_text("40" + options_.name_space + ",");
      break;
    case '1': fail("the server closed the Engine.IO session"); break;
    case '2': send_text("3" + std::string(packet.substr(1))); break;
    case '4': handle_socket_packet(now, packet.substr(1)); break;
    case '6': break;
    default: fail("an unknown Engine.IO packet");
  }
}

void SignallingClient::handle_socket_packet(Instant now, std::string_view packet) {
  if (packet.empty()) {
    fail("an empty Socket.IO packet");
    return;
  }
  const char type = packet.front();
  packet.remove_prefix(1);
  if (packet.starts_with('/')) {
    const std::size_t comma = packet.find(',');
    packet = comma == std::string_view::npos ? std::string_view() : packet.substr(comma + 1);
  }
  const auto id = take_number(packet);
  const auto body = json::parse(packet.empty() ? "null" : packet);
  if (!body) {
    fail("malformed JSON");
    return;
  }
  switch (type) {
    case '0': state_ = State::kConnected; break;
    case '1': fail("the server disconnected the namespace"); break;
    case '2': events_.push_back({std::string(body->at(0).as_string()), body->at(1)}); break;
    case '3': handle_answer(now, id.value_or(~std::uint64_t{0}), *body); break;
    case '4': fail("CONNECT was refused: " + std::string(body->raw())); break;
    default: fail("an unknown Socket.IO packet");
  }
}

void SignallingClient::handle_answer(Instant now, std::uint64_t id, const json::Value& arguments) {
  auto waiting = waiting_.extract(id);
  if (waiting.empty()) {
    fail("an ack that nobody waits for");
    return;
  }
  if (waiting.mapped()) {
    waiting.mapped()(now, arguments.at(0));
  }
}

void SignallingClient::request(std::string_view event, const json::Raw& payload,
                               Answered answered) {
  check(state_ == State::kConnected);
  const std::uint64_t id = next_id_++;
  waiting_.emplace(id, std::move(answered));
  json::Writer writer;
  writer.begin_array().value(event).value(payload).end_array();
  send_text("42" + options_.name_space + "," + std::to_string(id) + writer.text());
}

void SignallingClient::close() {
  if (state_ == State::kConnected) {
    send_text("41" + options_.name_space + ",");
    send_frame(websocket::Opcode::kClose, websocket::close_payload(websocket::CloseCode::kNormal));
  }
  fail("closed");
}

void SignallingClient::send_text(std::string_view text) {
  send_frame(websocket::Opcode::kText, as_bytes(text));
}

void SignallingClient::send_frame(websocket::Opcode opcode, Bytes payload) {
  websocket::Mask mask;
  for (std::byte& octet : mask) {
    octet = static_cast<std::byte>(random_.next());
  }
  const Buffer frame = websocket::encode_masked_frame(opcode, payload, mask);
  output_.insert(output_.end(), frame.begin(), frame.end());
}

Buffer SignallingClient::poll_output() {
  return std::exchange(output_, {});
}

std::optional<SignallingClient::Event> SignallingClient::poll_event() {
  if (events_.empty()) {
    return std::nullopt;
  }
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

}  // namespace visavis::testpeer
