#include "engineio/message.hpp"

#include <utility>

#include "websocket/frame.hpp"

namespace visavis::engineio {

EncodedMessage::EncodedMessage(Frame frame)
    : frame_(share(std::move(frame.bytes))),
      header_size_(frame.header_size),
      binary_(frame.binary) {}

std::size_t EncodedMessage::polling_size() const {
  const std::size_t size = packet().size();
  return binary_ ? 1 + ((size + 2) / 3 * 4) : size;
}

SharedMessage text_message(std::string_view text) {
  return text_message({&text, 1});
}

SharedMessage text_message(std::span<const std::string_view> pieces) {
  EncodedMessage::Frame frame;
  std::size_t size = 1;
  for (const std::string_view piece : pieces) {
    size += piece.size();
  }
  frame.header_size = websocket::frame_header_size(size);
  frame.bytes.reserve(frame.header_size + size);
  websocket::append_frame_header(frame.bytes, websocket::Opcode::kText, size);
  frame.bytes.push_back(std::byte{'4'});
  for (const std::string_view piece : pieces) {
    const Bytes bytes = as_bytes(piece);
    frame.bytes.insert(frame.bytes.end(), bytes.begin(), bytes.end());
  }
  return std::make_shared<const EncodedMessage>(std::move(frame));
}

SharedMessage binary_message(Bytes bytes) {
  EncodedMessage::Frame frame;
  frame.binary = true;
  frame.header_size = websocket::frame_header_size(bytes.size());
  frame.bytes.reserve(frame.header_size + bytes.size());
  websocket::append_frame_header(frame.bytes, websocket::Opcode::kBinary, bytes.size());
  frame.bytes.insert(frame.bytes.end(), bytes.begin(), bytes.end());
  return std::make_shared<const EncodedMessage>(std::move(frame));
}

}  // namespace visavis::engineio
