#include "websocket/message_reader.hpp"

#include <algorithm>
#include <utility>

#include "base/byte_reader.hpp"
#include "base/utf8.hpp"

namespace visavis::websocket {
namespace {

constexpr std::uint8_t kFinal = 0x80;
constexpr std::uint8_t kCompressed = 0x40;
constexpr std::uint8_t kReserved = 0x30;
constexpr std::uint8_t kOpcode = 0x0F;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kLength = 0x7F;
constexpr std::uint8_t kLength16 = 126;
constexpr std::uint8_t kLength64 = 127;

bool is_known(std::uint8_t opcode) {
  return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xA);
}

bool is_control(Opcode opcode) {
  return static_cast<std::uint8_t>(opcode) >= 0x8;
}

/// Codes that an endpoint may send (RFC 6455 §7.4, and the registry it opened).
bool may_be_sent(unsigned code) {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
         (code >= 3000 && code <= 4999);
}

/// The size of the header that begins with these two bytes.
std::size_t header_size(std::byte second) {
  const std::uint8_t length = std::to_integer<std::uint8_t>(second) & kLength;
  const bool masked = (std::to_integer<std::uint8_t>(second) & kMasked) != 0;
  std::size_t size = masked ? 6 : 2;
  if (length == kLength16) {
    size += 2;
  } else if (length == kLength64) {
    size += 8;
  }
  return size;
}

}  // namespace

CloseCode close_code(ReadError error) {
  switch (error) {
    case ReadError::kProtocolError: return CloseCode::kProtocolError;
    case ReadError::kInvalidPayload: return CloseCode::kInvalidPayload;
    case ReadError::kMessageTooBig: return CloseCode::kMessageTooBig;
  }
  return CloseCode::kProtocolError;
}

MessageReader::Step MessageReader::read(Bytes& input) {
  if (std::exchange(message_given_, false)) {
    message_.clear();
  }
  while (true) {
    if (!in_payload_) {
      const auto complete = read_header(input);
      if (!complete) {
        return std::unexpected(complete.error());
      }
      if (!*complete) {
        forget_idle_buffers();
        return std::nullopt;
      }
    }
    read_payload(input);
    if (payload_read_ < frame_.payload_size) {
      return std::nullopt;
    }
    in_payload_ = false;
    Step step = finish_frame();
    if (!step || *step) {
      return step;
    }
  }
}

/// Whether the header is complete. What can be judged from its first two bytes is judged at once,
/// so that a bad peer is not waited for.
std::expected<bool, ReadError> MessageReader::read_header(Bytes& input) {
  while (true) {
    const std::size_t wanted = header_size_ < 2 ? 2 : header_size(header_bytes_[1]);
    const std::size_t count = std::min(wanted - header_size_, input.size());
    std::copy_n(input.begin(), count, header_bytes_.begin() + header_size_);
    header_size_ = static_cast<std::uint8_t>(header_size_ + count);
    input = input.subspan(count);
    if (header_size_ < wanted) {
      return false;
    }
    if (wanted == 2) {
      if (const auto fine = check_first_bytes(); !fine) {
        return std::unexpected(fine.error());
      }
    }
    if (header_size_ == header_size(header_bytes_[1])) {
      break;
    }
  }
  if (const auto fine = begin_frame(); !fine) {
    return std::unexpected(fine.error());
  }
  return true;
}

/// RFC 6455 §5.2, §5.5; RFC 7692 §6.
std::expected<void, ReadError> MessageReader::check_first_bytes() const {
  const auto first = std::to_integer<std::uint8_t>(header_bytes_[0]);
  const auto second = std::to_integer<std::uint8_t>(header_bytes_[1]);
  const std::uint8_t code = first & kOpcode;
  const bool final = (first & kFinal) != 0;
  const bool compressed = (first & kCompressed) != 0;
  const bool masked = (second & kMasked) != 0;
  const auto opcode = static_cast<Opcode>(code);

  bool fine = (first & kReserved) == 0 && is_known(code) && masked == (role_ == Role::kServer);
  if (is_control(opcode)) {
    fine = fine && final && !compressed && (second & kLength) <= kControlPayloadMax;
  } else if (opcode == Opcode::kContinuation) {
    fine = fine && in_message_ && !compressed;
  } else {
    fine = fine && !in_message_ && (!compressed || options_.inflater != nullptr);
  }
  if (!fine) {
    return std::unexpected(ReadError::kProtocolError);
  }
  return {};
}

std::expected<void, ReadError> MessageReader::begin_frame() {
  ByteReader reader(Bytes(header_bytes_).first(header_size_));
  const std::uint8_t first = reader.u8();
  const std::uint8_t length = reader.u8() & kLength;
  header_size_ = 0;
  frame_.opcode = static_cast<Opcode>(first & kOpcode);
  frame_.final = (first & kFinal) != 0;
  frame_.payload_size = length;
  if (length == kLength16) {
    frame_.payload_size = reader.u16();
  } else if (length == kLength64) {
    const std::uint64_t high = reader.u32();
    frame_.payload_size = (high << 32U) | reader.u32();
  }
  // The shortest form is a must, and the topmost bit is not used (RFC 6455 §5.2).
  const bool wasteful = (length == kLength16 && frame_.payload_size < kLength16) ||
                        (length == kLength64 && frame_.payload_size <= 0xFFFF);
  if (wasteful || (frame_.payload_size >> 63U) != 0) {
    return std::unexpected(ReadError::kProtocolError);
  }
  std::ranges::copy(reader.rest(), frame_.mask.begin());
  in_payload_ = true;
  payload_read_ = 0;
  if (is_control(frame_.opcode)) {
    control_.clear();
    return {};
  }
  if (frame_.opcode != Opcode::kContinuation) {
    message_opcode_ = frame_.opcode;
    compressed_ = (first & kCompressed) != 0;
    in_message_ = true;
  }
  if (frame_.payload_size > options_.message_bytes_max - message_.size()) {
    return std::unexpected(ReadError::kMessageTooBig);
  }
  return {};
}

void MessageReader::read_payload(Bytes& input) {
  Buffer& into = is_control(frame_.opcode) ? control_ : message_;
  const auto missing = static_cast<std::size_t>(frame_.payload_size - payload_read_);
  const std::size_t count = std::min(missing, input.size());
  const std::size_t start = into.size();
  if (count == missing && payload_read_ == 0) {
    into.reserve(start + count);  // all of it is here: no room to grow
  }
  into.insert(into.end(), input.begin(), input.begin() + static_cast<std::ptrdiff_t>(count));
  if (role_ == Role::kServer) {
    apply_mask(MutableBytes(into).subspan(start), frame_.mask,
               static_cast<std::size_t>(payload_read_));
  }
  payload_read_ += count;
  input = input.subspan(count);
}

MessageReader::Step MessageReader::finish_frame() {
  if (is_control(frame_.opcode)) {
    return finish_control();
  }
  if (!frame_.final) {
    return std::nullopt;
  }
  return finish_message();
}

MessageReader::Step MessageReader::finish_control() {
  if (frame_.opcode == Opcode::kClose && !control_.empty()) {
    ByteReader reader(control_);
    const bool has_good_code = may_be_sent(reader.u16()) && reader.ok();
    if (!has_good_code) {
      return std::unexpected(ReadError::kProtocolError);
    }
    if (!is_utf8(reader.rest())) {
      return std::unexpected(ReadError::kInvalidPayload);
    }
  }
  return Message{.opcode = frame_.opcode, .payload = control_};
}

MessageReader::Step MessageReader::finish_message() {
  in_message_ = false;
  if (compressed_) {
    auto inflated = options_.inflater->decompress(message_, options_.message_bytes_max);
    if (!inflated) {
      return std::unexpected(inflated.error() == Inflater::Failure::kTooBig
                                 ? ReadError::kMessageTooBig
                                 : ReadError::kInvalidPayload);
    }
    message_ = std::move(*inflated);
  }
  if (message_opcode_ == Opcode::kText && !is_utf8(message_)) {
    return std::unexpected(ReadError::kInvalidPayload);
  }
  message_given_ = true;
  return Message{.opcode = message_opcode_, .payload = message_};
}

void MessageReader::forget_idle_buffers() {
  if (!in_message_ && message_.capacity() > 0) {
    message_ = Buffer();
  }
  if (control_.capacity() > 0) {
    control_ = Buffer();
  }
}

}  // namespace visavis::websocket
