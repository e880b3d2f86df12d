#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/error.hpp"

namespace visavis::load {

/// `http://HOST:PORT/PATH`; HOST is an address or "localhost": names are not looked up.
struct Url {
  SocketAddress at;
  std::string host;  ///< As the Host header says it.
  std::string path;  ///< With the query, begins with "/".
};
[[nodiscard]] std::expected<Url, Error> parse_url(std::string_view text);
/// `location` as a Location header gives it, beside the URL that was asked (RFC 3986 §5.2, as far
/// as servers use it: a whole URL, with or without its scheme, a path, or one beside the last
/// segment).
[[nodiscard]] std::expected<Url, Error> resolve(const Url& base, std::string_view location);
/// Puts `room` and `name` in the places of {room} and {name}.
[[nodiscard]] std::string expand(std::string_view url_template, std::string_view room,
                                 std::string_view name);

struct HttpRequest {
  std::string_view method;
  std::string_view content_type;  ///< Empty: no body.
  std::string_view body;
  std::string_view bearer;  ///< Empty: no Authorization header.
};
/// HTTP/1.1, one request on the connection.
[[nodiscard]] std::string write_request(const Url& url, const HttpRequest& request);

struct HttpResponse {
  unsigned status = 0;
  std::string location;
  std::string body;
};

/// Reads the response to one request (RFC 9112) as its bytes come.
class HttpReader {
 public:
  static constexpr std::size_t kHeadBytesMax = 16'384;
  static constexpr std::size_t kBodyBytesMax = std::size_t{512} * 1024;
  enum class State : std::uint8_t { kReading, kDone, kFailed };

  State handle_bytes(Bytes bytes);
  /// The server sends no more: ends a body without a length (RFC 9112 §6.3).
  State handle_end();

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const HttpResponse& response() const { return response_; }

 private:
  enum class Body : std::uint8_t { kLength, kChunks, kUntilEnd };

  void read_on();
  bool read_head();
  bool read_field(std::string_view line);
  void read_body();
  bool read_chunk();

  State state_ = State::kReading;
  std::string pending_;
  bool in_body_ = false;
  Body body_ = Body::kUntilEnd;
  std::size_t length_ = 0;
  HttpResponse response_;
};

}  // namespace visavis::load
