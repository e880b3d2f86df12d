#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/shared_bytes.hpp"

namespace visavis::engineio {

class EncodedMessage;
/// Shared by the queues of all sessions that it goes to.
using SharedMessage = std::shared_ptr<const EncodedMessage>;

/// A message packet, put into its WebSocket frame once for all receivers.
///
/// The compressed frame is made when the first receiver wants one, so a message belongs to one
/// thread; another thread makes its own.
class EncodedMessage {
 public:
  struct Frame {
    Buffer bytes;
    std::size_t header_size = 0;
    bool binary = false;
  };
  explicit EncodedMessage(Frame frame);

  [[nodiscard]] bool binary() const { return binary_; }
  /// The WebSocket frame, not compressed.
  [[nodiscard]] const SharedBytes& frame() const { return frame_; }
  /// What the frame carries: "4" and the text, or the bytes.
  [[nodiscard]] Bytes packet() const { return Bytes(*frame_).subspan(header_size_); }
  /// How many bytes the packet takes in a polling payload.
  [[nodiscard]] std::size_t polling_size() const;

  /// The compressed frame, null until it was made.
  [[nodiscard]] const SharedBytes& deflated_frame() const { return deflated_; }
  void set_deflated_frame(SharedBytes frame) const { deflated_ = std::move(frame); }

 private:
  SharedBytes frame_;
  mutable SharedBytes deflated_;
  std::size_t header_size_;
  bool binary_;
};

/// `text` is UTF-8.
[[nodiscard]] SharedMessage text_message(std::string_view text);
/// Its pieces one behind the other.
[[nodiscard]] SharedMessage text_message(std::span<const std::string_view> pieces);
[[nodiscard]] SharedMessage binary_message(Bytes bytes);

}  // namespace visavis::engineio
