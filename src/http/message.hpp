#pragma once

#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/shared_bytes.hpp"
#include "base/strong.hpp"
#include "http/headers.hpp"

namespace visavis::http {

/// A connection as its host (`net`, or a test) numbers it; never reused. The server keeps a table
/// that is as long as the highest place (`base/place_table.hpp`) among them.
using ConnectionId = Strong<struct ConnectionIdMeaning, std::uint64_t>;

/// One request of one connection; stays unique when the connection is long gone.
struct RequestId {
  ConnectionId connection;
  std::uint64_t number = 0;

  friend auto operator<=>(const RequestId&, const RequestId&) = default;
};

/// A request read whole. Nothing is percent-decoded.
struct Request {
  std::string method;
  std::string target;  ///< as it stood in the request line
  Headers headers;
  Buffer body;
  SocketAddress remote;
  bool secure = false;  ///< it came over TLS
  unsigned minor_version = 1;

  /// The target up to '?', without scheme and authority; points into it.
  [[nodiscard]] std::string_view path() const;
  /// What follows '?'; points into the target.
  [[nodiscard]] std::string_view query() const;
};

/// An answer. `Content-Length` and `Connection` are the server's to write; a `Connection: close`
/// put here ends the connection after the answer.
struct Response {
  unsigned status = 200;
  Headers headers;
  /// More fields behind these, written out as they go on the wire ("Name: value\r\n…"), for answers
  /// that are given often; what it points at lives on. None of them is the server's to write.
  std::string_view written_fields{};
  SharedBytes body;  ///< may be null
};

/// An answer of plain text, for errors.
[[nodiscard]] Response text_response(unsigned status, std::string_view text);

/// "Not Found" for 404; empty for a number without a name.
[[nodiscard]] std::string_view reason_phrase(unsigned status);

}  // namespace visavis::http
