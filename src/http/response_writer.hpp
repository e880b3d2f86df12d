#pragma once

#include "base/bytes.hpp"
#include "http/message.hpp"

namespace visavis::http {

/// What the request asks of its answer's framing.
struct AnswerFraming {
  bool head = false;  ///< no body, but its length (RFC 9110 §9.3.2)
  bool keep_alive = true;
  bool say_keep_alive = false;  ///< HTTP/1.0 has to be told
  std::size_t room_behind = 0;  ///< set aside for what follows the answer
};

/// The status line and the header fields, and the body when it is short enough to go along; whether
/// it did is told by `body_included`.
struct WrittenResponse {
  Buffer bytes;
  bool body_included = false;
};
[[nodiscard]] WrittenResponse write_response(const Response& response, AnswerFraming framing);

}  // namespace visavis::http
