#include "engineio/packet.hpp"

#include <utility>

#include "base/base64.hpp"

namespace visavis::engineio {
namespace {

constexpr char kSeparator = '\x1e';

}  // namespace

std::optional<Packet> PacketReader::read(std::string_view text) {
  if (text.starts_with('b')) {
    auto bytes = from_base64(text.substr(1));
    if (!bytes) {
      return std::nullopt;
    }
    binary_ = std::move(*bytes);
    return Packet{.type = PacketType::kMessage, .binary = true, .data = binary_};
  }
  if (text.empty() || text[0] < '0' || text[0] > '6') {
    return std::nullopt;
  }
  return Packet{.type = static_cast<PacketType>(text[0] - '0'),
                .binary = false,
                .data = as_bytes(text.substr(1))};
}

std::optional<std::string_view> PayloadWalk::next() {
  if (done_) {
    return std::nullopt;
  }
  const std::size_t end = rest_.find(kSeparator);
  done_ = end == std::string_view::npos;
  const std::string_view packet = rest_.substr(0, end);
  rest_.remove_prefix(done_ ? rest_.size() : end + 1);
  return packet;
}

}  // namespace visavis::engineio
