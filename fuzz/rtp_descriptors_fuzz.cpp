#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.hpp"
#include "rtp/keyframe.hpp"
#include "rtp/rtx.hpp"
#include "rtp/vp8_descriptor.hpp"
#include "rtp/vp9_descriptor.hpp"

// Payload descriptors of every codec: the offsets that are told lie inside the payload, and a
// rewrite there changes nothing else. Run under the address sanitizer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace visavis;
  const Bytes payload = std::as_bytes(std::span(data, size));
  for (const auto codec : {rtp::CodecName::kOpus, rtp::CodecName::kVp8, rtp::CodecName::kVp9,
                           rtp::CodecName::kH264, rtp::CodecName::kAv1}) {
    static_cast<void>(rtp::starts_keyframe({codec}, payload));
    static_cast<void>(rtp::starts_picture({codec}, payload));
  }
  if (const auto vp8 = rtp::parse_vp8(payload)) {
    check(vp8->size <= size);
    Buffer copy = to_buffer(payload);
    rtp::rewrite_vp8(copy, *vp8, {.picture_id = 0x1234, .tl0_picture_index = 0x56});
    const auto again = rtp::parse_vp8(copy);
    check(again && again->size == vp8->size && again->temporal_layer == vp8->temporal_layer);
  }
  if (const auto vp9 = rtp::parse_vp9(payload)) {
    Buffer copy = to_buffer(payload);
    rtp::rewrite_vp9(copy, *vp9, 0x1234, 0x56);
    const auto again = rtp::parse_vp9(copy);
    check(again && again->spatial_layer == vp9->spatial_layer);
  }
  if (const auto rtx = rtp::parse_rtx(payload)) {
    check(rtx->payload.size() + rtp::kRtxHeaderBytes == size);
  }
  return 0;
}
