#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "socketio/packet.hpp"

namespace visavis::socketio {

/// How packets are written and read, instead of Socket.IO's own way (Node's `parser`); the clients
/// must have the same. It has no state of its own: decoders have.
class Parser {
 public:
  Parser() = default;
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  virtual ~Parser() = default;

  /// An event or an ack: `list` is a JSON array in which placeholders stand for the attachments,
  /// which `Packet` has, too.
  [[nodiscard]] virtual EncodedPacket encode(const PacketHead& head, std::string_view list,
                                             std::vector<SharedBytes> attachments) const = 0;
  /// Any other packet; `json` is "" for none.
  [[nodiscard]] virtual EncodedPacket encode(const PacketHead& head,
                                             std::string_view json) const = 0;
  /// For one connection. Must refuse what `Packet` cannot be: see `is_data_valid`.
  [[nodiscard]] virtual std::unique_ptr<PacketDecoder> make_decoder(
      const PacketDecoder::Limits& limits) const = 0;
};

}  // namespace visavis::socketio
