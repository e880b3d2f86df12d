#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "base/utf8.hpp"
#include "websocket/message_reader.hpp"

namespace {

using visavis::Bytes;
namespace websocket = visavis::websocket;

constexpr std::size_t kMessageMax = 4096;

std::vector<std::string> messages_of(Bytes wire, std::size_t piece, websocket::Role role) {
  static websocket::Inflater inflater;
  websocket::MessageReader reader(role, {.message_bytes_max = kMessageMax, .inflater = &inflater});
  std::vector<std::string> messages;
  while (!wire.empty()) {
    Bytes input = wire.first(std::min(piece, wire.size()));
    wire = wire.subspan(input.size());
    while (true) {
      const auto message = reader.read(input);
      if (!message) {
        messages.push_back("error " + std::to_string(static_cast<int>(message.error())));
        return messages;
      }
      if (!*message) {
        visavis::check(input.empty());
        break;
      }
      visavis::check((*message)->payload.size() <= kMessageMax);
      visavis::check((*message)->opcode != websocket::Opcode::kText ||
                     visavis::is_utf8((*message)->payload));
      messages.push_back(std::to_string(static_cast<int>((*message)->opcode)) +
                         std::string(visavis::as_text((*message)->payload)));
    }
  }
  return messages;
}

}  // namespace

// However the bytes are cut into pieces, the same messages come out.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const Bytes wire = std::as_bytes(std::span(data, size)).subspan(1);
  const auto role = (data[0] & 0x80U) != 0 ? websocket::Role::kClient : websocket::Role::kServer;
  const std::vector<std::string> whole = messages_of(wire, size, role);
  visavis::check(messages_of(wire, 1U + data[0] % 16U, role) == whole);
  return 0;
}
