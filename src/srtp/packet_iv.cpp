#include "srtp/packet_iv.hpp"

#include "base/byte_writer.hpp"

namespace visavis::srtp {
namespace {

// Both forms have the SSRC and 48 bits of index, one behind the other.
void write_place(ByteWriter& writer, const PacketPlace& place) {
  writer.u32(place.ssrc);
  writer.u16(static_cast<std::uint16_t>(place.index >> 32U));
  writer.u32(static_cast<std::uint32_t>(place.index));
}

}  // namespace

GcmIv gcm_iv(const GcmSalt& salt, const PacketPlace& place) {
  GcmIv iv;
  ByteWriter writer(iv);
  writer.u16(0);
  write_place(writer, place);
  for (std::size_t at = 0; at < salt.size(); ++at) {
    iv[at] ^= salt[at];
  }
  return iv;
}

CounterIv counter_iv(const CounterSalt& salt, const PacketPlace& place) {
  CounterIv iv;
  ByteWriter writer(iv);
  writer.u32(0);
  write_place(writer, place);
  writer.u16(0);
  for (std::size_t at = 0; at < salt.size(); ++at) {
    iv[at] ^= salt[at];
  }
  return iv;
}

}  // namespace visavis::srtp
