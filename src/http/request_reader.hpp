#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>

#include "base/bytes.hpp"
#include "http/message.hpp"

namespace visavis::http {

/// Reads one request from the bytes of a connection (RFC 9112).
///
/// What could be understood in two ways is refused, since a proxy in front may understand it the
/// other way (RFC 9112 §11.2): Content-Length beside Transfer-Encoding, a coding other than
/// "chunked", no or two Host fields, bare line feeds, folded lines.
class RequestReader {
 public:
  enum class Progress : std::uint8_t {
    kNeedMore,  ///< all of the input is used up but for a started line of the header
    kHead,      ///< once: the header is complete, and `head()` is there
    kComplete,  ///< `take()` gives the request; what is left of the input belongs to the next
  };

  explicit RequestReader(std::size_t header_bytes_max);
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;
  ~RequestReader();

  /// As new, for another request.
  void restart();

  /// Takes bytes off the front of `input`; what stays must come again, with more behind it. A
  /// refused request is told by the status to answer with.
  [[nodiscard]] std::expected<Progress, unsigned> read(Bytes& input);
  /// From now on a longer body is refused with 413. Call it between kHead and the next `read`.
  [[nodiscard]] std::expected<void, unsigned> limit_body(std::size_t bytes_max);

  [[nodiscard]] const Request& head() const;
  /// Nothing more of the request is to come.
  [[nodiscard]] bool is_done() const;
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool expects_continue() const;
  /// Bytes of the body read so far.
  [[nodiscard]] std::size_t body_size() const;
  /// With no room for more in it: some are kept as long as a connection lives.
  [[nodiscard]] Request take();

 private:
  struct State;
  [[nodiscard]] std::expected<bool, unsigned> put(Bytes& input);
  [[nodiscard]] std::expected<Progress, unsigned> finish_head();
  [[nodiscard]] std::expected<Progress, unsigned> read_body(Bytes& input);

  std::unique_ptr<State> state_;
};

}  // namespace visavis::http
