#include "http/chunked_body.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace visavis::http {
namespace {

constexpr unsigned kBadRequest = 400;
constexpr unsigned kTooLarge = 413;
/// Of framing for a byte of the body: a chunk of one byte has five around it.
constexpr std::size_t kFramingPerByte = 8;
constexpr std::uint64_t kSizeMax = std::numeric_limits<std::uint64_t>::max();

std::optional<unsigned> digit_of(char byte) {
  if (byte >= '0' && byte <= '9') {
    return static_cast<unsigned>(byte - '0');
  }
  if (byte >= 'a' && byte <= 'f') {
    return static_cast<unsigned>(byte - 'a') + 10U;
  }
  if (byte >= 'A' && byte <= 'F') {
    return static_cast<unsigned>(byte - 'A') + 10U;
  }
  return std::nullopt;
}

/// What may stand in an extension or a trailer.
bool is_text(char byte) {
  return byte == '\t' || (static_cast<unsigned char>(byte) >= ' ' && byte != '\x7F');
}

}  // namespace

std::expected<bool, unsigned> ChunkedBody::read(Bytes& input, Buffer& body, const Limits& limits) {
  while (!input.empty() && expects_ != Expects::kNothing) {
    if (expects_ == Expects::kData) {
      take_data(input, body);
      continue;
    }
    const auto byte = static_cast<char>(input.front());
    const auto digit = digit_of(byte);
    if (digit && (expects_ == Expects::kFirstDigit || expects_ == Expects::kDigit)) {
      const std::size_t room = limits.body_bytes_max - std::min(body.size(), limits.body_bytes_max);
      if (left_ > kSizeMax / 16 || left_ * 16 + *digit > room) {
        return std::unexpected(kTooLarge);
      }
      left_ = (left_ * 16) + *digit;
      expects_ = Expects::kDigit;
    } else if (const auto next = step(byte)) {
      expects_ = *next;
    } else {
      return std::unexpected(next.error());
    }
    input = input.subspan(1);
    if (++framing_bytes_ > limits.framing_bytes_max + (kFramingPerByte * body.size())) {
      return std::unexpected(kBadRequest);
    }
  }
  return expects_ == Expects::kNothing;
}

void ChunkedBody::take_data(Bytes& input, Buffer& body) {
  const Bytes part =
      input.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size())));
  body.insert(body.end(), part.begin(), part.end());
  input = input.subspan(part.size());
  left_ -= part.size();
  if (left_ == 0) {
    expects_ = Expects::kDataReturn;
  }
}

std::expected<ChunkedBody::Expects, unsigned> ChunkedBody::after_size(char byte) const {
  if (byte == '\r') {
    return Expects::kSizeEnd;
  }
  const bool goes_on = expects_ == Expects::kExtension ? is_text(byte) : byte == ';';
  return goes_on ? std::expected<Expects, unsigned>(Expects::kExtension)
                 : std::unexpected(kBadRequest);
}

std::expected<ChunkedBody::Expects, unsigned> ChunkedBody::step(char byte) const {
  const auto only = [byte](char wanted, Expects next) -> std::expected<Expects, unsigned> {
    return byte == wanted ? std::expected<Expects, unsigned>(next) : std::unexpected(kBadRequest);
  };
  switch (expects_) {
    case Expects::kDigit:
    case Expects::kExtension: return after_size(byte);
    case Expects::kSizeEnd: return only('\n', left_ > 0 ? Expects::kData : Expects::kTrailer);
    case Expects::kDataReturn: return only('\r', Expects::kDataEnd);
    case Expects::kDataEnd: return only('\n', Expects::kFirstDigit);
    case Expects::kTrailer:
      if (byte == '\r') {
        return Expects::kLastEnd;
      }
      // A line that begins with a space would go on with the one before it (RFC 9112 §5.2).
      return byte == ' ' || byte == '\t' || !is_text(byte)
                 ? std::unexpected(kBadRequest)
                 : std::expected<Expects, unsigned>(Expects::kTrailerText);
    case Expects::kTrailerText:
      return is_text(byte) ? std::expected<Expects, unsigned>(Expects::kTrailerText)
                           : only('\r', Expects::kTrailerEnd);
    case Expects::kTrailerEnd: return only('\n', Expects::kTrailer);
    case Expects::kLastEnd: return only('\n', Expects::kNothing);
    case Expects::kFirstDigit:
    case Expects::kData:
    case Expects::kNothing: break;
  }
  return std::unexpected(kBadRequest);
}

}  // namespace visavis::http
