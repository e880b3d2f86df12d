#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/check.hpp"
#include "socketio/packet.hpp"

namespace {

using namespace visavis;

/// What was decoded can be sent on, and is then decoded as the same number of arguments.
void send_on(const socketio::Packet& packet) {
  if (packet.type != socketio::PacketType::kEvent || !packet.data) {
    return;
  }
  const socketio::Arguments arguments(*packet.data, 1, packet.attachments);
  const auto encoded = socketio::encode_packet({socketio::PacketType::kEvent, "/", {}},
                                               socketio::Payload::event("again", arguments));
  socketio::Decoder decoder({.attachments_max = SIZE_MAX, .attachment_bytes_max = SIZE_MAX});
  // The first byte is Engine.IO's.
  auto again = decoder.handle_text(as_text(encoded.front()->packet()).substr(1));
  for (std::size_t i = 1; i < encoded.size(); ++i) {
    again = decoder.handle_binary(encoded[i]->packet());
  }
  check(again && *again && (*again)->data->size() == arguments.size() + 1);
}

}  // namespace

// Input: packets, separated by bytes 0 (text follows) and 1 (an attachment follows).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  socketio::Decoder decoder({});
  bool binary = false;
  while (true) {
    const std::size_t end = rest.find_first_of(std::string_view("\0\1", 2));
    const std::string_view part = rest.substr(0, end);
    const auto packet = binary ? decoder.handle_binary(as_bytes(part)) : decoder.handle_text(part);
    if (packet && *packet) {
      send_on(**packet);
    }
    if (!packet || end == std::string_view::npos) {
      return 0;
    }
    binary = rest[end] == '\1';
    rest.remove_prefix(end + 1);
  }
}
