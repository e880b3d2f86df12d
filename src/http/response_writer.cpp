#include "http/response_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace visavis::http {
namespace {

/// Up to a page the copy costs less than a second entry in the socket's queue.
constexpr std::size_t kCopiedBodyMax = 4096;

/// Of the status line and the fields that are the server's to write.
constexpr std::size_t kOwnBytesMax = 128;

void append(Buffer& to, std::string_view text) {
  const Bytes bytes = as_bytes(text);
  to.insert(to.end(), bytes.begin(), bytes.end());
}

void append_number(Buffer& to, std::size_t number) {
  std::array<char, 20> digits;  // NOLINT(*-member-init): only what is written is read.
  const auto written = std::to_chars(digits.begin(), digits.end(), number);
  append(to, std::string_view(digits.begin(), written.ptr));
}

/// A value that carries somebody's line break would begin a field of its own.
void append_value(Buffer& to, std::string_view value) {
  static constexpr std::string_view kForbidden("\r\n\0", 3);
  while (!value.empty()) {
    const std::size_t clean = std::min(value.find_first_of(kForbidden), value.size());
    append(to, value.substr(0, clean));
    value.remove_prefix(std::min(clean + 1, value.size()));
  }
}

void append_field(Buffer& to, const Headers::Field& field) {
  append(to, field.name);
  append(to, ": ");
  append_value(to, field.value);
  append(to, "\r\n");
}

bool has_body(unsigned status) {
  return status >= 200 && status != 204 && status != 304;  // RFC 9112 §6.3
}

void append_head(Buffer& to, const Response& response, AnswerFraming framing) {
  append(to, "HTTP/1.1 ");
  append_number(to, response.status);
  append(to, " ");
  append(to, reason_phrase(response.status));
  append(to, "\r\n");
  for (const Headers::Field field : response.headers) {
    const bool ours = equal_ignoring_case(field.name, "Content-Length") ||
                      (equal_ignoring_case(field.name, "Connection") && response.status != 101);
    if (!ours) {
      append_field(to, field);
    }
  }
  append(to, response.written_fields);
  if (has_body(response.status)) {
    append(to, "Content-Length: ");
    append_number(to, response.body ? response.body->size() : 0);
    append(to, "\r\n");
  }
  if (response.status != 101 && !framing.keep_alive) {
    append(to, "Connection: close\r\n");
  } else if (framing.say_keep_alive) {
    append(to, "Connection: keep-alive\r\n");
  }
  append(to, "\r\n");
}

}  // namespace

WrittenResponse write_response(const Response& response, AnswerFraming framing) {
  const std::size_t size = response.body ? response.body->size() : 0;
  const bool bodiless = size == 0 || framing.head || !has_body(response.status);
  WrittenResponse written{.bytes = {}, .body_included = bodiless || size <= kCopiedBodyMax};
  const bool copies = !bodiless && written.body_included;
  written.bytes.reserve(kOwnBytesMax + response.headers.written_bytes() +
                        response.written_fields.size() + (copies ? size : 0) + framing.room_behind);
  append_head(written.bytes, response, framing);
  if (copies) {
    written.bytes.insert(written.bytes.end(), response.body->begin(), response.body->end());
  }
  return written;
}

}  // namespace visavis::http
