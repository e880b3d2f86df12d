#include "websocket/message_reader.hpp"

#include <algorithm>
#include <array>
#include <memory>
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

/// What a spare state may keep of its buffers: most messages are smaller, and big ones are rare.
constexpr std::size_t kSpareBytesMax = 65'536;

}  // namespace

/// A frame or a message on its way in.
struct MessageReader::State {
  struct Header {
    Opcode opcode = Opcode::kContinuation;
    bool final = false;
    Mask mask{};
    std::uint64_t payload_size = 0;
  };

  bool in_message = false;  // a fragmented message waits for its rest
  bool in_payload = false;
  bool compressed = false;     // of the message being read
  bool message_given = false;  // `message` was given out and may go
  Opcode message_opcode = Opcode::kText;
  std::uint8_t header_size = 0;
  std::array<std::byte, kFrameHeaderMax> header_bytes{};
  Header frame;
  std::uint64_t payload_read = 0;
  Buffer message;
  Buffer control;
};

void MessageReader::ForgetState::operator()(State* state) const {
  std::default_delete<State>()(state);
}

CloseCode close_code(ReadError error) {
  switch (error) {
    case ReadError::kProtocolError: return CloseCode::kProtocolError;
    case ReadError::kInvalidPayload: return CloseCode::kInvalidPayload;
    case ReadError::kMessageTooBig: return CloseCode::kMessageTooBig;
  }
  return CloseCode::kProtocolError;
}

MessageReader::Step MessageReader::read(Bytes& input) {
  if (!state_) {
    if (input.empty()) {
      return std::nullopt;
    }
    begin_reading();
  }
  Step step = read_some(input);
  if (step && !*step) {
    end_reading();
  }
  return step;
}

void MessageReader::stop() {
  if (state_) {
    end_reading();
    state_.reset();
  }
}

MessageReader::Step MessageReader::read_some(Bytes& input) {
  if (std::exchange(state_->message_given, false)) {
    state_->message.clear();
  }
  while (true) {
    if (!state_->in_payload) {
      const auto complete = read_header(input);
      if (!complete) {
        return std::unexpected(complete.error());
      }
      if (!*complete) {
        return std::nullopt;
      }
    }
    read_payload(input);
    if (state_->payload_read < state_->frame.payload_size) {
      return std::nullopt;
    }
    state_->in_payload = false;
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
    const std::size_t wanted = state_->header_size < 2 ? 2 : header_size(state_->header_bytes[1]);
    const std::size_t count = std::min(wanted - state_->header_size, input.size());
    std::copy_n(input.begin(), count, state_->header_bytes.begin() + state_->header_size);
    state_->header_size = static_cast<std::uint8_t>(state_->header_size + count);
    input = input.subspan(count);
    if (state_->header_size < wanted) {
      return false;
    }
    if (wanted == 2) {
      if (const auto fine = check_first_bytes(); !fine) {
        return std::unexpected(fine.error());
      }
    }
    if (state_->header_size == header_size(state_->header_bytes[1])) {
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
  const auto first = std::to_integer<std::uint8_t>(state_->header_bytes[0]);
  const auto second = std::to_integer<std::uint8_t>(state_->header_bytes[1]);
  const std::uint8_t code = first & kOpcode;
  const bool final = (first & kFinal) != 0;
  const bool compressed = (first & kCompressed) != 0;
  const bool masked = (second & kMasked) != 0;
  const auto opcode = static_cast<Opcode>(code);

  bool fine = (first & kReserved) == 0 && is_known(code) && masked == (role_ == Role::kServer);
  if (is_control(opcode)) {
    fine = fine && final && !compressed && (second & kLength) <= kControlPayloadMax;
  } else if (opcode == Opcode::kContinuation) {
    fine = fine && state_->in_message && !compressed;
  } else {
    fine = fine && !state_->in_message && (!compressed || options_.inflater != nullptr);
  }
  if (!fine) {
    return std::unexpected(ReadError::kProtocolError);
  }
  return {};
}

std::expected<void, ReadError> MessageReader::begin_frame() {
  ByteReader reader(Bytes(state_->header_bytes).first(state_->header_size));
  const std::uint8_t first = reader.u8();
  const std::uint8_t length = reader.u8() & kLength;
  state_->header_size = 0;
  state_->frame.opcode = static_cast<Opcode>(first & kOpcode);
  state_->frame.final = (first & kFinal) != 0;
  state_->frame.payload_size = length;
  if (length == kLength16) {
    state_->frame.payload_size = reader.u16();
  } else if (length == kLength64) {
    const std::uint64_t high = reader.u32();
    state_->frame.payload_size = (high << 32U) | reader.u32();
  }
  // The shortest form is a must, and the topmost bit is not used (RFC 6455 §5.2).
  const bool wasteful = (length == kLength16 && state_->frame.payload_size < kLength16) ||
                        (length == kLength64 && state_->frame.payload_size <= 0xFFFF);
  if (wasteful || (state_->frame.payload_size >> 63U) != 0) {
    return std::unexpected(ReadError::kProtocolError);
  }
  std::ranges::copy(reader.rest(), state_->frame.mask.begin());
  state_->in_payload = true;
  state_->payload_read = 0;
  if (is_control(state_->frame.opcode)) {
    state_->control.clear();
    return {};
  }
  if (state_->frame.opcode != Opcode::kContinuation) {
    state_->message_opcode = state_->frame.opcode;
    state_->compressed = (first & kCompressed) != 0;
    state_->in_message = true;
  }
  if (state_->frame.payload_size > options_.message_bytes_max - state_->message.size()) {
    return std::unexpected(ReadError::kMessageTooBig);
  }
  return {};
}

void MessageReader::read_payload(Bytes& input) {
  Buffer& into = is_control(state_->frame.opcode) ? state_->control : state_->message;
  const auto missing = static_cast<std::size_t>(state_->frame.payload_size - state_->payload_read);
  const std::size_t count = std::min(missing, input.size());
  const std::size_t start = into.size();
  if (count == missing && state_->payload_read == 0) {
    into.reserve(start + count);  // all of it is here: no room to grow
  }
  into.insert(into.end(), input.begin(), input.begin() + static_cast<std::ptrdiff_t>(count));
  if (role_ == Role::kServer) {
    apply_mask(MutableBytes(into).subspan(start), state_->frame.mask,
               static_cast<std::size_t>(state_->payload_read));
  }
  state_->payload_read += count;
  input = input.subspan(count);
}

MessageReader::Step MessageReader::finish_frame() {
  if (is_control(state_->frame.opcode)) {
    return finish_control();
  }
  if (!state_->frame.final) {
    return std::nullopt;
  }
  return finish_message();
}

MessageReader::Step MessageReader::finish_control() {
  if (state_->frame.opcode == Opcode::kClose && !state_->control.empty()) {
    ByteReader reader(state_->control);
    const bool has_good_code = may_be_sent(reader.u16()) && reader.ok();
    if (!has_good_code) {
      return std::unexpected(ReadError::kProtocolError);
    }
    if (!is_utf8(reader.rest())) {
      return std::unexpected(ReadError::kInvalidPayload);
    }
  }
  return Message{.opcode = state_->frame.opcode, .payload = state_->control};
}

MessageReader::Step MessageReader::finish_message() {
  state_->in_message = false;
  if (state_->compressed) {
    auto inflated = options_.inflater->decompress(state_->message, options_.message_bytes_max);
    if (!inflated) {
      return std::unexpected(inflated.error() == Inflater::Failure::kTooBig
                                 ? ReadError::kMessageTooBig
                                 : ReadError::kInvalidPayload);
    }
    state_->message = std::move(*inflated);
  }
  if (state_->message_opcode == Opcode::kText && !is_utf8(state_->message)) {
    return std::unexpected(ReadError::kInvalidPayload);
  }
  state_->message_given = true;
  return Message{.opcode = state_->message_opcode, .payload = state_->message};
}

void MessageReader::begin_reading() {
  if (options_.spare != nullptr && *options_.spare) {
    state_ = std::move(*options_.spare);
  } else {
    state_ = Spare(std::make_unique<State>().release());
  }
}

/// The bytes are used up: what is not in the middle of something needs no state.
void MessageReader::end_reading() {
  const State& state = *state_;
  if (state.in_message || state.in_payload || state.header_size > 0) {
    return;
  }
  const bool small =
      state.message.capacity() <= kSpareBytesMax && state.control.capacity() <= kSpareBytesMax;
  if (options_.spare != nullptr && !*options_.spare && small) {
    *options_.spare = std::move(state_);
  }
  state_.reset();
}

}  // namespace visavis::websocket
