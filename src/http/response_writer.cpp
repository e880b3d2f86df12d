#include "http/response_writer.hpp"

#include <algorithm>
#include <string>

namespace visavis::http {
namespace {

/// Up to a page the copy costs less than a second entry in the socket's queue.
constexpr std::size_t kCopiedBodyMax = 4096;

/// A value that carries somebody's line break would begin a field of its own.
void append_field(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ");
  std::ranges::copy_if(value, std::back_inserter(text), [](char letter) {
    return letter != '\r' && letter != '\n' && letter != '\0';
  });
  text += "\r\n";
}

bool has_body(unsigned status) {
  return status >= 200 && status != 204 && status != 304;  // RFC 9112 §6.3
}

}  // namespace

WrittenResponse write_response(const Response& response, AnswerFraming framing) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " ";
  text.append(reason_phrase(response.status)).append("\r\n");
  for (const Headers::Field field : response.headers) {
    const bool ours = equal_ignoring_case(field.name, "Content-Length") ||
                      (equal_ignoring_case(field.name, "Connection") && response.status != 101);
    if (!ours) {
      append_field(text, field.name, field.value);
    }
  }
  const std::size_t size = response.body ? response.body->size() : 0;
  if (has_body(response.status)) {
    append_field(text, "Content-Length", std::to_string(size));
  }
  if (response.status != 101 && !framing.keep_alive) {
    append_field(text, "Connection", "close");
  } else if (framing.say_keep_alive) {
    append_field(text, "Connection", "keep-alive");
  }
  text += "\r\n";

  WrittenResponse written{.bytes = to_buffer(text), .body_included = true};
  if (size == 0 || framing.head || !has_body(response.status)) {
    return written;
  }
  written.body_included = size <= kCopiedBodyMax;
  if (written.body_included) {
    written.bytes.insert(written.bytes.end(), response.body->begin(), response.body->end());
  }
  return written;
}

}  // namespace visavis::http
