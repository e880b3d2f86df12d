#include "rtp/rtx.hpp"

namespace visavis::rtp {

std::optional<RtxPayload> parse_rtx(Bytes payload) {
  ByteReader reader(payload);
  const SequenceNumber original(reader.u16());
  if (!reader.ok() || reader.rest().empty()) {
    return std::nullopt;
  }
  return RtxPayload{.original = original, .payload = reader.rest()};
}

}  // namespace visavis::rtp
