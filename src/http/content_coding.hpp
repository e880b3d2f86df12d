#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.hpp"

namespace visavis::http {

/// How a body is packed (RFC 9110 §8.4.1). "deflate" is the zlib format of RFC 1950.
enum class Coding : std::uint8_t { kBrotli, kGzip, kDeflate };

/// "br", "gzip" or "deflate".
[[nodiscard]] std::string_view to_string(Coding coding);

/// The one of `offered` that an Accept-Encoding (RFC 9110 §12.5.3) wants most: by its weight, then
/// by the order in which the client named them. Nothing when it wants none of them; without the
/// field nothing is packed.
[[nodiscard]] std::optional<Coding> choose_coding(std::string_view accept_encoding,
                                                  std::span<const Coding> offered);

/// Packs bodies with gzip or deflate. Every body stands alone, so one packer serves all connections
/// of a thread: it holds about 270 kB for each coding, from its first use on.
class Packer {
 public:
  /// `level` as zlib's: 1 is fast, 9 small.
  explicit Packer(int level = 6);
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;
  ~Packer();

  /// `coding` is kGzip or kDeflate.
  [[nodiscard]] Buffer pack(Coding coding, Bytes body);

 private:
  struct Stream;
  int level_;
  std::unique_ptr<Stream> gzip_;
  std::unique_ptr<Stream> deflate_;
};

}  // namespace visavis::http
