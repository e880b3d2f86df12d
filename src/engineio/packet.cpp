#include "engineio/packet.hpp"

#include <string>
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

std::optional<Packet> PacketReader::read_revision3(std::string_view text) {
  if (!text.starts_with('b')) {
    return read(text);
  }
  if (text.size() < 2 || text[1] < '0' || text[1] > '6') {
    return std::nullopt;
  }
  auto packet = read("b" + std::string(text.substr(2)));
  if (packet) {
    packet->type = static_cast<PacketType>(text[1] - '0');
  }
  return packet;
}

std::optional<Packet> PacketReader::read_revision3_binary(Bytes bytes) {
  if (bytes.empty() || bytes[0] > std::byte{6}) {
    return std::nullopt;
  }
  return Packet{
      .type = static_cast<PacketType>(bytes[0]), .binary = true, .data = bytes.subspan(1)};
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
