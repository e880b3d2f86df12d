#include "socketio/polling_client.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace visavis::bench {
namespace {

constexpr std::string_view kHeaders = " HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n";

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

std::size_t content_length(std::string_view head) {
  constexpr std::string_view kName = "\r\ncontent-length: ";
  const auto found = std::ranges::search(head, kName, {}, lower);
  if (found.empty()) {
    return 0;
  }
  std::size_t length = 0;
  const auto at = static_cast<std::size_t>(found.begin() - head.begin()) + kName.size();
  std::from_chars(head.data() + at, head.data() + head.size(), length);
  return length;
}

}  // namespace

void HttpLink::get(std::string_view path, Answer answer) {
  answer_ = std::move(answer);
  output().append("GET ").append(path).append(kHeaders).append("\r\n");
}

void HttpLink::post(std::string_view path, std::string_view body, Answer answer) {
  answer_ = std::move(answer);
  output().append("POST ").append(path).append(kHeaders);
  output() += "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: ";
  output().append(std::to_string(body.size())).append("\r\n\r\n").append(body);
}

std::size_t HttpLink::handle_input(std::string_view input) {
  const std::size_t end = input.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    return 0;
  }
  const std::size_t size = content_length(input.substr(0, end + 2));
  if (input.size() < end + 4 + size) {
    return 0;
  }
  unsigned status = 0;
  std::from_chars(input.data() + 9, input.data() + 12, status);
  if (Answer answer = std::exchange(answer_, nullptr)) {
    answer(status, input.substr(end + 4, size));
  }
  return end + 4 + size;
}

void HttpLink::handle_closed() {
  if (Answer answer = std::exchange(answer_, nullptr)) {
    answer(0, {});
  }
}

PollingClient::PollingClient(Loop& loop, const Target& target)
    : get_(loop, target), post_(loop, target) {
  get_.get(path_, [this](unsigned status, std::string_view body) {
    constexpr std::string_view kSid = R"(0{"sid":")";
    if (status != 200 || !body.starts_with(kSid)) {
      failed_ = true;
      return;
    }
    const std::string_view rest = body.substr(kSid.size());
    sid_ = rest.substr(0, rest.find('"'));
    path_ += "&sid=" + sid_;
    post("40", [] {});
    poll();
    flush();
  });
}

void PollingClient::post(std::string_view packet, std::move_only_function<void()> sent) {
  post_.post(path_, packet,
             [this, sent = std::move(sent)](unsigned status, std::string_view /*body*/) mutable {
               failed_ = failed_ || status != 200;
               sent();
             });
}

void PollingClient::poll() {
  get_.get(path_, [this](unsigned status, std::string_view body) {
    if (status != 200) {
      failed_ = true;
      return;
    }
    handle_payload(body);
    if (!hold_polls_) {
      poll();
    } else if (held_handler_) {
      held_handler_();
    }
  });
}

void PollingClient::handle_payload(std::string_view payload) {
  while (!payload.empty()) {
    const std::size_t end = std::min(payload.find('\x1E'), payload.size());
    handle_packet(payload.substr(0, end));
    payload.remove_prefix(std::min(end + 1, payload.size()));
  }
}

void PollingClient::handle_packet(std::string_view packet) {
  if (packet == "2") {
    post("3", [] {});
    post_.flush();
  } else if (packet.starts_with('4') && ready_ && taker_) {
    taker_(packet.substr(1));
  } else if (packet.starts_with("40") && !ready_) {
    ready_ = true;
    if (ready_handler_) {
      ready_handler_();
    }
  }
}

void PollingClient::flush() {
  get_.flush();
  post_.flush();
}

void PollingClient::close() {
  get_.close();
  post_.close();
}

}  // namespace visavis::bench
