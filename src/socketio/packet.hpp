#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/shared_bytes.hpp"
#include "engineio/message.hpp"
#include "json/value.hpp"
#include "socketio/arguments.hpp"
#include "socketio/payload.hpp"

namespace visavis::socketio {

/// Socket.IO protocol, revision 5: <https://socket.io/docs/v4/socket-io-protocol/>.
enum class PacketType : std::uint8_t {
  kConnect,
  kDisconnect,
  kEvent,
  kAck,
  kConnectError,
  kBinaryEvent,
  kBinaryAck,
};

enum class DecodeError : std::uint8_t {
  kUnknownType,
  kIllegalAttachments,  ///< their number is no number, or above the limit
  kIllegalId,
  kInvalidPayload,      ///< no JSON, or not what this type of packet carries
  kIllegalPlaceholder,  ///< points to an attachment that is not there
  kAttachmentDue,       ///< text before all attachments came
  kNoAttachmentDue,     ///< bytes that belong to no packet
  kAttachmentsTooBig,
};

/// A packet whole, with its attachments; binary types have become kEvent and kAck.
struct Packet {
  PacketType type = PacketType::kEvent;
  std::string name_space = "/";
  /// Decimal digits, without leading zeros: an id that no number type of ours holds is still sent
  /// back as it came.
  std::optional<std::string> id;
  /// As the type demands: an array for events and acks, an object for CONNECT. Nothing if the
  /// packet ended before it, which is tolerated.
  std::optional<json::Value> data;
  Attachments attachments;
};

/// Event names that no packet may have: both ends give them a meaning of their own.
[[nodiscard]] bool is_reserved_event(std::string_view name);

/// Puts the packets of one connection together from Engine.IO's messages.
class PacketDecoder {
 public:
  struct Limits {
    std::size_t attachments_max = 10;
    std::size_t attachment_bytes_max = 10'000'000;
  };
  using Result = std::expected<std::optional<Packet>, DecodeError>;

  PacketDecoder() = default;
  PacketDecoder(const PacketDecoder&) = delete;
  PacketDecoder& operator=(const PacketDecoder&) = delete;
  virtual ~PacketDecoder() = default;

  /// The packet if it is whole. After an error the connection must be closed.
  [[nodiscard]] virtual Result handle_text(std::string_view text) = 0;
  [[nodiscard]] virtual Result handle_binary(Bytes bytes) = 0;
};

/// Whether a packet of this type may carry this: an object for CONNECT, an event's name first, …
[[nodiscard]] bool is_data_valid(PacketType type, const json::Value& data);

/// Socket.IO's own: a text, then as many attachments as it says.
class Decoder final : public PacketDecoder {
 public:
  explicit Decoder(Limits limits) : limits_(limits) {}

  [[nodiscard]] Result handle_text(std::string_view text) override;
  [[nodiscard]] Result handle_binary(Bytes bytes) override;

 private:
  [[nodiscard]] std::expected<std::optional<Packet>, DecodeError> complete();

  /// A packet whose attachments are on their way.
  struct Waiting {
    Packet packet;
    std::size_t due = 0;
    std::size_t held_bytes = 0;
    std::vector<SharedBytes> held{};
  };

  Limits limits_;
  std::unique_ptr<Waiting> waiting_;  // most connections never have one
};

/// What stands before a packet's JSON.
struct PacketHead {
  PacketType type = PacketType::kEvent;
  std::string_view name_space = "/";
  std::string_view id{};  ///< empty: none. NOLINT(*-redundant-member-init): may be left out.
};

/// A packet ready for any number of receivers: its text, then its attachments.
using EncodedPacket = std::vector<engineio::SharedMessage>;

/// An event or an ack, whose type becomes the binary one when there are attachments.
[[nodiscard]] EncodedPacket encode_packet(const PacketHead& head, Payload payload);
/// What was encoded, as its receiver reads it.
[[nodiscard]] std::optional<Packet> decode_packet(const EncodedPacket& encoded);
[[nodiscard]] std::optional<Packet> decode_packet(PacketDecoder& decoder,
                                                  const EncodedPacket& encoded);
/// Any packet with its JSON already written ("" for none).
[[nodiscard]] EncodedPacket encode_packet(const PacketHead& head, std::string_view json);

}  // namespace visavis::socketio
