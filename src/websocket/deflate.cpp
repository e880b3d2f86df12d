#include "websocket/deflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.hpp"

namespace visavis::websocket {
namespace {

/// Raw deflate with the largest window; the smaller ones that an offer may ask for are declined.
constexpr int kWindowBits = 15;
constexpr int kMemoryLevel = 8;
constexpr std::size_t kOutputStep = 16'384;
/// What a sync flush ends with and the wire leaves out (RFC 7692 §7.2.1).
constexpr std::array<Bytef, 4> kTail = {0x00, 0x00, 0xFF, 0xFF};

Bytef* zlib_bytes(const void* bytes) {
  // zlib's input pointer is not const without ZLIB_CONST, but it is only read.
  return static_cast<Bytef*>(const_cast<void*>(bytes));  // NOLINT(*-const-cast)
}

}  // namespace

struct Deflater::State {
  z_stream stream{};
};

Deflater::Deflater(int level) : state_(std::make_unique<State>()) {
  check(deflateInit2(&state_->stream, level, Z_DEFLATED, -kWindowBits, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) == Z_OK);
}

Deflater::~Deflater() {
  deflateEnd(&state_->stream);
}

Buffer Deflater::compress(Bytes message) {
  z_stream& stream = state_->stream;
  check(deflateReset(&stream) == Z_OK);
  // The bound is that of a stream which ends; a flush adds an empty block and some bits.
  Buffer output(deflateBound(&stream, static_cast<uLong>(message.size())) + 64);
  stream.next_in = zlib_bytes(message.data());
  stream.avail_in = static_cast<uInt>(message.size());
  stream.next_out = as_u8(MutableBytes(output));
  stream.avail_out = static_cast<uInt>(output.size());
  check(deflate(&stream, Z_SYNC_FLUSH) == Z_OK && stream.avail_in == 0 && stream.avail_out > 0);
  output.resize(output.size() - stream.avail_out - kTail.size());
  return output;
}

struct Inflater::State {
  z_stream stream{};
};

Inflater::Inflater() : state_(std::make_unique<State>()) {
  check(inflateInit2(&state_->stream, -kWindowBits) == Z_OK);
}

Inflater::~Inflater() {
  inflateEnd(&state_->stream);
}

std::expected<Buffer, Inflater::Failure> Inflater::decompress(Bytes message,
                                                              std::size_t bytes_max) {
  z_stream& stream = state_->stream;
  check(inflateReset(&stream) == Z_OK);
  Buffer output;
  const std::array<Bytes, 2> inputs = {message, std::as_bytes(std::span(kTail))};
  for (const Bytes input : inputs) {
    stream.next_in = zlib_bytes(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    bool full = true;  // what zlib still holds comes out in the next round
    while (stream.avail_in > 0 || full) {
      const std::size_t size = output.size();
      // One byte of room beyond the limit tells a message that fits from one that goes on.
      output.resize(size + std::min(kOutputStep, bytes_max + 1 - size));
      stream.next_out = as_u8(MutableBytes(output).subspan(size));
      stream.avail_out = static_cast<uInt>(output.size() - size);
      const int result = inflate(&stream, Z_SYNC_FLUSH);
      full = stream.avail_out == 0;
      output.resize(output.size() - stream.avail_out);
      if (output.size() > bytes_max) {
        return std::unexpected(Failure::kTooBig);
      }
      if (result == Z_STREAM_END) {
        // A final block (RFC 7692 §7.2.3.4): whatever comes behind it is padding.
        return output;
      }
      if (result != Z_OK && result != Z_BUF_ERROR) {
        return std::unexpected(Failure::kCorrupt);
      }
    }
  }
  return output;
}

namespace {

struct Parameter {
  std::string_view name;
  std::optional<std::string_view> value;
};

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// Cuts the part before the next `separator` off the front of `text`.
std::string_view cut(std::string_view& text, char separator) {
  const std::string_view part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return trimmed(part);
}

std::vector<Parameter> parameters_of(std::string_view extension) {
  std::vector<Parameter> parameters;
  while (!extension.empty()) {
    std::string_view text = cut(extension, ';');
    const bool has_value = text.find('=') != std::string_view::npos;
    const std::string_view name = cut(text, '=');
    std::string_view value = trimmed(text);
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) {
      value = value.substr(1, value.size() - 2);
    }
    parameters.push_back({name, has_value ? std::optional(value) : std::nullopt});
  }
  return parameters;
}

bool is_window_bits(std::string_view value) {
  return value == "8" || value == "9" ||
         (value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5');
}

/// The answer to one offer; nothing when it is malformed (RFC 7692 §7.1) or wants a smaller window.
std::optional<std::string> answer_to(const std::vector<Parameter>& offer) {
  std::string answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
  for (std::size_t i = 0; i < offer.size(); ++i) {
    const auto& [name, value] = offer[i];
    const bool twice = std::any_of(offer.begin(), offer.begin() + static_cast<std::ptrdiff_t>(i),
                                   [&](const Parameter& other) { return other.name == name; });
    if (twice) {
      return std::nullopt;
    }
    if (name == "server_max_window_bits" && value == "15") {
      answer += "; server_max_window_bits=15";
    } else if (name == "client_max_window_bits") {
      if (value && !is_window_bits(*value)) {
        return std::nullopt;
      }
    } else if ((name != "server_no_context_takeover" && name != "client_no_context_takeover") ||
               value) {
      return std::nullopt;
    }
  }
  return answer;
}

}  // namespace

std::optional<std::string> accept_deflate_offer(std::string_view offers) {
  while (!offers.empty()) {
    std::string_view offer = cut(offers, ',');
    if (cut(offer, ';') != "permessage-deflate") {
      continue;
    }
    if (auto answer = answer_to(parameters_of(offer))) {
      return answer;
    }
  }
  return std::nullopt;
}

std::string_view deflate_offer() {
  return "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
}

bool deflate_was_agreed(std::string_view answer) {
  if (cut(answer, ';') != "permessage-deflate") {
    return false;
  }
  const auto parameters = parameters_of(answer);
  return std::ranges::any_of(parameters, [](const Parameter& parameter) {
    return parameter.name == "server_no_context_takeover";
  });
}

}  // namespace visavis::websocket
