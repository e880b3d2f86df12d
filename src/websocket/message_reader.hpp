#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "websocket/deflate.hpp"
#include "websocket/frame.hpp"

namespace visavis::websocket {

/// Why the peer's bytes cannot be read on; the connection is closed with `close_code`.
enum class ReadError : std::uint8_t { kProtocolError, kInvalidPayload, kMessageTooBig };
[[nodiscard]] CloseCode close_code(ReadError error);

/// Which side of the connection reads: a server wants masked frames, a client unmasked ones
/// (RFC 6455 §5.1).
enum class Role : std::uint8_t { kServer, kClient };

/// A whole message, or a control frame.
struct Message {
  Opcode opcode;  ///< never kContinuation
  Bytes payload;  ///< valid until the next call of `read`; text is valid UTF-8
};

/// Puts frames of one connection together to messages (RFC 6455 §5, RFC 7692 §7.2.2).
///
/// Call `read` until it gives nothing; then all of `input` is consumed. Between messages it holds
/// no memory but its own few bytes. After an error it must not be used again.
class MessageReader {
 private:
  struct State;
  struct ForgetState {
    void operator()(State* state) const;
  };

 public:
  /// What reading takes, for all connections of a thread: only one that is in the middle of a
  /// message has its own.
  using Spare = std::unique_ptr<State, ForgetState>;

  struct Options {
    /// Bounds the frame's length field, the sum of fragments, and what a message inflates to.
    std::size_t message_bytes_max = 1'000'000;
    /// Set when permessage-deflate was agreed on without context takeover for the peer; lent for
    /// the reader's life and shared by all connections of a thread.
    Inflater* inflater = nullptr;
    /// Lent, too; without one each reader allocates its own when bytes come.
    Spare* spare = nullptr;
  };

  MessageReader(Role role, Options options) : options_(options), role_(role) {}

  /// Takes bytes off the front of `input` up to the end of the next message.
  [[nodiscard]] std::expected<std::optional<Message>, ReadError> read(Bytes& input);
  /// Nothing more is read: gives back what reading took, the last message's payload with it.
  void stop();

 private:
  using Step = std::expected<std::optional<Message>, ReadError>;

  [[nodiscard]] Step read_some(Bytes& input);
  [[nodiscard]] std::expected<bool, ReadError> read_header(Bytes& input);
  [[nodiscard]] std::expected<void, ReadError> check_first_bytes() const;
  [[nodiscard]] std::expected<void, ReadError> begin_frame();
  void read_payload(Bytes& input);
  [[nodiscard]] Step finish_frame();
  [[nodiscard]] Step finish_control();
  [[nodiscard]] Step finish_message();
  void begin_reading();
  void end_reading();

  Options options_;
  Spare state_;  // null between messages
  Role role_;
};

}  // namespace visavis::websocket
