#include "socketio/packet.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <memory>
#include <utility>

namespace visavis::socketio {
namespace {

constexpr std::string_view kSpaces = " \t\n\v\f\r";
constexpr std::string_view kDigits = "0123456789";

/// What is read so far of a packet's text.
struct Cursor {
  std::string_view rest;

  [[nodiscard]] std::string_view take(std::size_t count) {
    const std::string_view front = rest.substr(0, count);
    rest.remove_prefix(front.size());
    return front;
  }
};

std::expected<PacketType, DecodeError> take_type(Cursor& text) {
  const std::string_view digit = text.take(1);
  if (digit.empty() || digit[0] < '0' || digit[0] > '6') {
    return std::unexpected(DecodeError::kUnknownType);
  }
  return static_cast<PacketType>(digit[0] - '0');
}

/// "2-": digits and a dash.
std::expected<std::size_t, DecodeError> take_attachments(Cursor& text, std::size_t max) {
  std::size_t count = 0;
  const std::string_view digits = text.take(text.rest.find('-'));
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  if (!whole || text.take(1) != "-" || count > max) {
    return std::unexpected(DecodeError::kIllegalAttachments);
  }
  return count;
}

/// "/name," or nothing; the comma may be missing at the end of the packet.
std::string take_namespace(Cursor& text) {
  if (!text.rest.starts_with('/')) {
    return "/";
  }
  const std::string name(text.take(text.rest.find(',')));
  static_cast<void>(text.take(1));
  return name;
}

/// Digits. Node's parser takes spaces for zeros, and clients of other languages have sent them.
std::expected<std::optional<std::string>, DecodeError> take_id(Cursor& text) {
  const auto is_part = [](char c) { return kDigits.contains(c) || kSpaces.contains(c); };
  const auto* const end = std::ranges::find_if_not(text.rest, is_part);
  std::string_view id = text.take(static_cast<std::size_t>(end - text.rest.begin()));
  if (id.empty()) {
    return std::nullopt;
  }
  id.remove_prefix(std::min(id.find_first_not_of(kSpaces), id.size()));
  id = id.substr(0, id.find_last_not_of(kSpaces) + 1);
  if (id.find_first_not_of(kDigits) != std::string_view::npos) {
    return std::unexpected(DecodeError::kIllegalId);
  }
  id.remove_prefix(std::min(id.find_first_not_of('0'), id.size()));
  return std::string(id.empty() ? "0" : id);
}

bool is_event_list(const json::Value& data) {
  const json::Value name = data.at(0);
  return data.is_array() &&
         (name.is_number() || (name.is_string() && !is_reserved_event(name.as_string())));
}

bool is_placeholder(const json::Value& value) {
  return value.is_object() && value["_placeholder"].as_bool();
}

/// Whether every placeholder points to one of `count` attachments. Goes as deep as JSON may be.
// NOLINTNEXTLINE(misc-no-recursion)
bool placeholders_hold(const json::Value& value, std::size_t count) {
  if (is_placeholder(value)) {
    const auto number = value["num"].as_integer();
    return number && *number >= 0 && static_cast<std::uint64_t>(*number) < count;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!placeholders_hold(value.at(i), count)) {
      return false;
    }
  }
  return true;
}

PacketType without_binary(PacketType type) {
  switch (type) {
    case PacketType::kBinaryEvent: return PacketType::kEvent;
    case PacketType::kBinaryAck: return PacketType::kAck;
    default: return type;
  }
}

/// A packet's text, and how many attachments follow it.
struct Decoded {
  Packet packet;
  std::size_t attachments = 0;
};

std::expected<Decoded, DecodeError> decode_text(std::string_view text,
                                                std::size_t attachments_max) {
  Cursor cursor{text};
  Decoded decoded;
  const auto type = take_type(cursor);
  if (!type) {
    return std::unexpected(type.error());
  }
  if (*type == PacketType::kBinaryEvent || *type == PacketType::kBinaryAck) {
    const auto attachments = take_attachments(cursor, attachments_max);
    if (!attachments) {
      return std::unexpected(attachments.error());
    }
    decoded.attachments = *attachments;
  }
  decoded.packet.type = without_binary(*type);
  decoded.packet.name_space = take_namespace(cursor);
  auto id = take_id(cursor);
  if (!id) {
    return std::unexpected(id.error());
  }
  decoded.packet.id = *std::move(id);
  if (!cursor.rest.empty()) {
    auto data = json::parse(cursor.rest);
    if (!data || !is_data_valid(*type, *data)) {
      return std::unexpected(DecodeError::kInvalidPayload);
    }
    decoded.packet.data = *std::move(data);
  }
  return decoded;
}

engineio::SharedMessage encode_text(PacketHead head, std::size_t attachments,
                                    std::string_view json) {
  const char type = static_cast<char>('0' + static_cast<int>(head.type));
  const std::string count = attachments > 0 ? std::to_string(attachments) + "-" : std::string();
  const bool named = head.name_space != "/";
  const std::array<std::string_view, 6> pieces = {
      std::string_view(&type, 1), count,   named ? head.name_space : "",
      named ? "," : "",           head.id, json};
  return engineio::text_message(pieces);
}

}  // namespace

bool is_reserved_event(std::string_view name) {
  constexpr std::array<std::string_view, 6> kReserved = {
      "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};
  return std::ranges::find(kReserved, name) != kReserved.end();
}

bool is_data_valid(PacketType type, const json::Value& data) {
  switch (type) {
    case PacketType::kConnect: return data.is_object();
    case PacketType::kDisconnect: return false;
    case PacketType::kConnectError: return data.is_object() || data.is_string();
    case PacketType::kEvent:
    case PacketType::kBinaryEvent: return is_event_list(data);
    case PacketType::kAck:
    case PacketType::kBinaryAck: return data.is_array();
  }
  return false;
}

std::expected<std::optional<Packet>, DecodeError> Decoder::handle_text(std::string_view text) {
  if (waiting_) {
    return std::unexpected(DecodeError::kAttachmentDue);
  }
  auto decoded = decode_text(text, limits_.attachments_max);
  if (!decoded) {
    return std::unexpected(decoded.error());
  }
  if (decoded->attachments == 0) {
    return std::optional(std::move(decoded->packet));
  }
  waiting_ = std::make_unique<Waiting>(
      Waiting{.packet = std::move(decoded->packet), .due = decoded->attachments});
  return std::nullopt;
}

std::expected<std::optional<Packet>, DecodeError> Decoder::handle_binary(Bytes bytes) {
  if (!waiting_) {
    return std::unexpected(DecodeError::kNoAttachmentDue);
  }
  waiting_->held_bytes += bytes.size();
  if (waiting_->held_bytes > limits_.attachment_bytes_max) {
    return std::unexpected(DecodeError::kAttachmentsTooBig);
  }
  waiting_->held.push_back(share(to_buffer(bytes)));
  if (waiting_->held.size() < waiting_->due) {
    return std::nullopt;
  }
  return complete();
}

std::expected<std::optional<Packet>, DecodeError> Decoder::complete() {
  const std::unique_ptr<Waiting> waiting = std::exchange(waiting_, nullptr);
  Packet packet = std::move(waiting->packet);
  packet.attachments = std::make_shared<const std::vector<SharedBytes>>(std::move(waiting->held));
  if (packet.data && !placeholders_hold(*packet.data, packet.attachments->size())) {
    return std::unexpected(DecodeError::kIllegalPlaceholder);
  }
  return packet;
}

EncodedPacket encode_packet(const PacketHead& head, Payload payload) {
  const std::vector<SharedBytes> attachments = payload.take_attachments();
  PacketHead typed = head;
  if (!attachments.empty()) {
    typed.type = head.type == PacketType::kAck ? PacketType::kBinaryAck : PacketType::kBinaryEvent;
  }
  EncodedPacket packet;
  packet.reserve(1 + attachments.size());
  packet.push_back(encode_text(typed, attachments.size(), std::move(payload).finish()));
  for (const SharedBytes& attachment : attachments) {
    packet.push_back(engineio::binary_message(*attachment));
  }
  return packet;
}

std::optional<Packet> decode_packet(const EncodedPacket& encoded) {
  Decoder decoder({.attachments_max = encoded.size(), .attachment_bytes_max = SIZE_MAX});
  return decode_packet(decoder, encoded);
}

std::optional<Packet> decode_packet(PacketDecoder& decoder, const EncodedPacket& encoded) {
  std::expected<std::optional<Packet>, DecodeError> packet;
  for (const engineio::SharedMessage& message : encoded) {
    packet = message->binary() ? decoder.handle_binary(message->packet())
                               : decoder.handle_text(as_text(message->packet()).substr(1));
  }
  return packet ? *std::move(packet) : std::nullopt;
}

EncodedPacket encode_packet(const PacketHead& head, std::string_view json) {
  return {encode_text(head, 0, json)};
}

}  // namespace visavis::socketio
