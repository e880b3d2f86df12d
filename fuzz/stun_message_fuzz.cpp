#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.hpp"
#include "stun/message.hpp"

// Whatever arrives, the views stay inside the datagram, and what finds the peer agrees with what
// parses. Run under the address sanitizer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace visavis;  // NOLINT(google-build-using-namespace): a fuzz target is one function.
  const Bytes datagram = std::as_bytes(std::span(data, size));
  static_cast<void>(stun::looks_like_stun(datagram));
  static_cast<void>(stun::local_ufrag_of(datagram));
  const auto message = stun::parse(datagram);
  if (!message) {
    return 0;
  }
  check(stun::looks_like_stun(datagram));
  check(message->username.size() <= size && message->integrity_offset <= size);
  check(message->unknown.count <= stun::UnknownAttributes::kMax);
  static_cast<void>(stun::has_integrity(*message, "VOkJxbRl1RmTxUk/WvJxBt"));
  if (message->mapped_address) {
    std::array<std::byte, stun::kMessageBytesMax> again{};
    const std::size_t written =
        stun::write_success(again, message->transaction, *message->mapped_address, "password");
    const auto read = stun::parse(Bytes(again).first(written));
    check(read && read->mapped_address == message->mapped_address);
  }
  return 0;
}
