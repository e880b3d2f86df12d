#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "rtp/extension_map.hpp"
#include "rtp/rtp_packet.hpp"
#include "sfu/track_log.hpp"

namespace visavis::sfu {

/// What differs from packet to packet.
struct HeaderFields {
  rtp::PayloadType payload_type;
  rtp::SequenceNumber sequence;
  rtp::Timestamp timestamp;
  rtp::Ssrc ssrc;
  bool marker = false;
  std::uint16_t transport_sequence = 0;
  std::uint32_t abs_send_time = 0;  ///< 24 bits.
};

/// Writes the headers of a slot's packets with the viewer's own extension ids: the slot's mid in
/// place of the publisher's, transport-cc and abs-send-time anew, and what a viewer needs of the
/// publisher's extensions copied.
class SlotHeader {
 public:
  /// Enough for 12 fixed bytes, 4 before the extensions, our own (mid 18, transport-cc 4,
  /// abs-send-time 5) and copied ones of usual size; those that do not fit are left out.
  static constexpr std::size_t kBytesMax = 180;
  /// What encoders send at most: RTP packets of 1400 bytes (GStreamer's default).
  static constexpr std::size_t kPayloadMax = 1400 - 12;
  /// No sealed packet is larger: what Ethernet carries over IPv6. A publisher could otherwise have
  /// every packet of his fragmented on the way to all who watch, by filling extensions.
  static constexpr std::size_t kSealedMax = 1500 - 40 - 8;

  /// `numbered` says whether packets carry transport-cc and abs-send-time, which differ each time a
  /// packet is sent.
  SlotHeader(const rtp::ExtensionMap& ids, std::string_view mid, bool numbered);

  /// Writes the header to the front of `cell`, which has `kBytesMax`; its size.
  [[nodiscard]] std::size_t write(MutableBytes cell, const HeaderFields& fields,
                                  const LogEntry& entry) const;
  [[nodiscard]] bool writes_transport_sequence() const {
    return numbered_ && ids_.id_of(rtp::Extension::kTransportCc).has_value();
  }

 private:
  /// How long this packet's may be.
  [[nodiscard]] static std::size_t bytes_max(const LogEntry& entry);
  void add_to_front(std::uint8_t id, Bytes value);
  [[nodiscard]] std::size_t append_carried(MutableBytes cell, const LogEntry& entry) const;
  [[nodiscard]] bool fits_one_byte_form(const LogEntry& entry) const;
  [[nodiscard]] std::size_t write_two_byte_form(MutableBytes cell, const HeaderFields& fields,
                                                const LogEntry& entry) const;

  /// 12 fixed bytes, 4 before the extensions, mid (17), transport-cc (3) and abs-send-time (4).
  static constexpr std::size_t kFrontBytesMax = 40;

  [[nodiscard]] std::string_view mid() const;

  // Small numbers, for all that a packet needs of it is to lie in one cache line.
  std::array<std::byte, kFrontBytesMax> front_{};  ///< Fixed part and ours, in one-byte form.
  std::uint8_t front_size_ = 0;
  std::uint8_t padded_size_ = 0;   ///< Of a header that carries nothing of the publisher's.
  std::uint8_t transport_at_ = 0;  ///< Offsets in `front_`; 0: not written.
  std::uint8_t abs_time_at_ = 0;
  std::uint8_t mid_size_ = 0;
  bool numbered_;
  rtp::ExtensionMap ids_;
};

}  // namespace visavis::sfu
