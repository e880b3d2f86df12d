#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.hpp"
#include "srtp/opener.hpp"
#include "srtp/sealer.hpp"

// Garbage never opens; a packet that is sealed under the right key always does, whatever is in it.
// Run under the address sanitizer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace visavis;
  const Bytes input = std::as_bytes(std::span(data, size));
  const Buffer key(srtp::kKeyBytes, std::byte{7});
  for (const auto profile : {srtp::Profile::kAeadAes128Gcm, srtp::Profile::kAes128CmSha1_80}) {
    const Buffer salt(srtp::salt_bytes(profile), std::byte{9});
    srtp::Opener opener(profile, key, salt);
    srtp::Sealer sealer(profile, key, salt);
    Buffer garbage = to_buffer(input);
    static_cast<void>(opener.open_rtp(garbage));
    garbage = to_buffer(input);
    static_cast<void>(opener.open_rtcp(garbage));

    constexpr std::array kHeader{std::byte{0x80}, std::byte{96}, std::byte{}, std::byte{1},
                                 std::byte{},     std::byte{},   std::byte{}, std::byte{1},
                                 std::byte{},     std::byte{},   std::byte{}, std::byte{1}};
    Buffer cell(kHeader.begin(), kHeader.end());
    cell.insert(cell.end(), input.begin(), input.end());
    const Buffer plain = cell;
    cell.resize(plain.size() + sealer.overhead_rtp());
    sealer.seal_rtp(cell, plain.size());
    const auto opened = opener.open_rtp(cell);
    check(opened && to_buffer(*opened) == plain);
  }
  return 0;
}
