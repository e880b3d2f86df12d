#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace visavis::websocket {

/// Compresses messages for permessage-deflate (RFC 7692 §7.2.1). Every message stands alone
/// (`server_no_context_takeover`), so one compressor serves all connections of a thread and a
/// broadcast is compressed once.
class Deflater {
 public:
  /// `level` as zlib's: 1 is fast, 9 small.
  explicit Deflater(int level = 6);
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  ~Deflater();

  [[nodiscard]] Buffer compress(Bytes message);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Undoes `Deflater`, message by message (RFC 7692 §7.2.2).
class Inflater {
 public:
  enum class Failure : std::uint8_t { kCorrupt, kTooBig };

  Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater();

  /// The message as it was. Stops as soon as the output would pass `bytes_max`, however small the
  /// input is.
  [[nodiscard]] std::expected<Buffer, Failure> decompress(Bytes message, std::size_t bytes_max);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A server's answer to `Sec-WebSocket-Extensions`: the first offer of permessage-deflate that we
/// can serve without context takeover on either side, as the value of the answer's header field;
/// nothing when there is none (RFC 7692 §5, §7.1).
[[nodiscard]] std::optional<std::string> accept_deflate_offer(std::string_view offers);

/// A client's offer.
[[nodiscard]] std::string_view deflate_offer();
/// Whether the server's answer to `deflate_offer()` is one that `Inflater` and `Deflater` serve.
[[nodiscard]] bool deflate_was_agreed(std::string_view answer);

}  // namespace visavis::websocket
