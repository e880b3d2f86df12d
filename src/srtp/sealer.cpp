#include "srtp/sealer.hpp"

#include "base/byte_reader.hpp"
#include "base/check.hpp"
#include "rtp/rtp_packet.hpp"
#include "rtp/sequence.hpp"
#include "srtp/packet_place.hpp"

namespace visavis::srtp {
namespace {

// What sealing needs of a packet that we have written ourselves (RFC 3550 §5.1, §5.3.1): all else
// that a parser looks at would be in vain.
constexpr std::size_t kFixedHeaderBytes = 12;
constexpr std::size_t kSequenceAt = 2;
constexpr std::size_t kSsrcAt = 8;

std::uint16_t read_u16(Bytes bytes, std::size_t at) {
  return ByteReader(bytes.subspan(at, 2)).u16();
}
std::uint32_t read_u32(Bytes bytes, std::size_t at) {
  return ByteReader(bytes.subspan(at, 4)).u32();
}

std::size_t header_size_of(Bytes packet) {
  constexpr std::size_t kWordBytes = 4;
  constexpr unsigned kVersion2 = 0x80;
  constexpr unsigned kVersionMask = 0xC0;
  constexpr unsigned kExtensionBit = 0x10;
  constexpr unsigned kSourcesMask = 0x0F;
  const auto first = std::to_integer<unsigned>(packet[0]);
  check((first & kVersionMask) == kVersion2);
  const std::size_t size = kFixedHeaderBytes + ((first & kSourcesMask) * kWordBytes);
  if ((first & kExtensionBit) == 0) {
    return size;
  }
  check(size + kWordBytes <= packet.size());
  return size + kWordBytes + (read_u16(packet, size + 2) * kWordBytes);
}

}  // namespace

Sealer::Sealer(Profile profile, Bytes key, Bytes salt, Cipher& cipher)
    : cipher_(&cipher),
      key_(cipher.make_key(derive_key_set(profile, key, salt), Direction::kSeal)),
      overhead_rtp_(static_cast<std::uint16_t>(tag_bytes(profile))),
      overhead_rtcp_(static_cast<std::uint16_t>(rtcp_overhead_bytes(profile))) {}

void Sealer::prepare_rtp(CipherJob& job, MutableBytes cell, std::size_t size, Bytes payload) {
  check(size >= kFixedHeaderBytes + payload.size() && size + overhead_rtp_ <= cell.size());
  const std::size_t header_size = payload.empty() ? header_size_of(cell) : size - payload.size();
  check(header_size <= size);
  const rtp::SequenceNumber number(read_u16(cell, kSequenceAt));
  const std::uint32_t ssrc = read_u32(cell, kSsrcAt);
  job.key = key_.get();
  job.sealed = cell.first(size + overhead_rtp_);
  job.place.ssrc = ssrc;
  job.place.index = sources_.next_index(ssrc, number);
  job.place.header_size = header_size;
  job.payload = payload;
}

std::size_t Sealer::seal_rtp(MutableBytes cell, std::size_t size) {
  CipherJob job;
  prepare_rtp(job, cell, size, {});
  cipher_->seal_rtp({&job, 1});
  return job.sealed.size();
}

std::size_t Sealer::seal_rtcp(MutableBytes cell, std::size_t size) {
  const std::size_t sealed_size = size + overhead_rtcp_;
  check(size >= kRtcpHeaderBytes && sealed_size <= cell.size());
  constexpr std::size_t kReporterAt = 4;
  constexpr std::uint32_t kIndexMask = 0x7FFF'FFFF;
  cipher_->seal_rtcp({.key = key_.get(),
                      .sealed = cell.first(sealed_size),
                      .place = {.ssrc = ByteReader(cell.subspan(kReporterAt)).u32(),
                                .index = rtcp_index_++ & kIndexMask,
                                .header_size = kRtcpHeaderBytes}});
  return sealed_size;
}

}  // namespace visavis::srtp
