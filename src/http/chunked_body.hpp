#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

#include "base/bytes.hpp"

namespace visavis::http {

/// Takes a body out of its chunks (RFC 9112 §7.1), however it is cut into pieces.
///
/// Extensions and trailers are skipped. Lines end with CRLF and nothing else: what reads a bare
/// line feed as an end sees other chunks than what does not.
class ChunkedBody {
 public:
  struct Limits {
    std::size_t body_bytes_max;     ///< of `body`; beyond it: 413
    std::size_t framing_bytes_max;  ///< of sizes, extensions and trailers; beyond it: 400
  };

  /// Takes bytes off the front of `input` and appends what they carry to `body`; true when the
  /// body is whole. A refusal is told by the status to answer with.
  [[nodiscard]] std::expected<bool, unsigned> read(Bytes& input, Buffer& body,
                                                   const Limits& limits);

 private:
  enum class Expects : std::uint8_t {
    kFirstDigit,
    kDigit,      ///< or what ends the size
    kExtension,  ///< up to the end of the line
    kSizeEnd,    ///< the line feed
    kData,
    kDataReturn,
    kDataEnd,
    kTrailer,  ///< the first byte of one, or of the empty line
    kTrailerText,
    kTrailerEnd,
    kLastEnd,
    kNothing,
  };

  /// What one byte of framing leads to.
  [[nodiscard]] std::expected<Expects, unsigned> step(char byte) const;
  [[nodiscard]] std::expected<Expects, unsigned> after_size(char byte) const;
  void take_data(Bytes& input, Buffer& body);

  std::uint64_t left_ = 0;  ///< of the chunk that is being read
  std::size_t framing_bytes_ = 0;
  Expects expects_ = Expects::kFirstDigit;
};

}  // namespace visavis::http
