#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"

namespace visavis::engineio {

/// Engine.IO protocol, revision 4: the digit that a packet begins with.
enum class PacketType : std::uint8_t { kOpen, kClose, kPing, kPong, kMessage, kUpgrade, kNoop };

/// A packet taken apart; `data` points into the text it was read from, or into the reader's buffer.
struct Packet {
  PacketType type;
  bool binary = false;
  Bytes data;
};

/// Reads packets from text: a digit and data, or 'b' and base64 for a binary message.
class PacketReader {
 public:
  /// Nothing when `text` is no packet. A binary packet's data is valid until the next call.
  [[nodiscard]] std::optional<Packet> read(std::string_view text);
  /// The same of revision 3, where a type stands behind the 'b'.
  [[nodiscard]] std::optional<Packet> read_revision3(std::string_view text);
  /// A binary packet of revision 3: its type as a number, and data.
  [[nodiscard]] static std::optional<Packet> read_revision3_binary(Bytes bytes);

 private:
  Buffer binary_;
};

/// Walks over the packets of a polling payload, which stand between record separators (0x1E).
class PayloadWalk {
 public:
  explicit PayloadWalk(std::string_view payload) : rest_(payload) {}

  /// The next packet's text, which may be empty; nothing after the last.
  [[nodiscard]] std::optional<std::string_view> next();

 private:
  std::string_view rest_;
  bool done_ = false;
};

}  // namespace visavis::engineio
