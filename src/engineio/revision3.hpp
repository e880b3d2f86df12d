#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "engineio/packet.hpp"

namespace visavis::engineio {

/// A packet of a payload of protocol revision 3, as its bytes stand there.
struct PacketText {
  bool binary = false;
  Bytes bytes;  ///< binary: the packet's type as a number, then its data
};

/// Walks over a payload of revision 3: either text, "6:4hello2:4€", whose lengths count UTF-16 code
/// units as JavaScript does, or binary, where each packet has a kind (0 text, 1 binary), the digits
/// of its length in bytes as numbers, 255, and its bytes.
class Revision3Walk {
 public:
  /// A payload of text is UTF-8.
  Revision3Walk(Bytes payload, bool binary) : rest_(payload), binary_(binary) {}

  /// The next packet; nothing after the last, or where the payload is none: see `failed`.
  [[nodiscard]] std::optional<PacketText> next();
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  [[nodiscard]] std::optional<PacketText> next_of_text();
  [[nodiscard]] std::optional<PacketText> next_of_binary();
  [[nodiscard]] std::optional<std::size_t> take_length(std::byte end, std::byte zero);

  Bytes rest_;
  bool binary_;
  bool failed_ = false;
};

/// Appends a packet of text to a payload of text.
void append_revision3(Buffer& payload, std::string_view packet);
/// Appends a packet of text, or (its type in front) of bytes, to a payload of bytes.
void append_revision3_binary(Buffer& payload, bool binary, std::string_view type, Bytes data);

}  // namespace visavis::engineio
