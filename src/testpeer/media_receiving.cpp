#include <algorithm>

#include "rtp/header_extensions.hpp"
#include "testpeer/media_session.hpp"

// The RTP and RTCP that come to a media session.
namespace visavis::testpeer {

void MediaSession::note_arrival(Instant now, const rtp::PacketView& packet) {
  const auto value = rtp::find_extension(packet, media_.extensions, rtp::Extension::kTransportCc);
  if (const auto number = value ? rtp::read_transport_cc(*value) : std::nullopt) {
    arrivals_.handle_packet(now, *number);
  }
}

void MediaSession::read_headers_only() {
  headers_only_ = true;
  for (SlotReceiver& slot : slots_) {
    slot.stop_watching_frames();
  }
}

/// True when the header was enough.
bool MediaSession::handle_sealed_rtp(Instant now, Bytes datagram) {
  const auto packet = rtp::parse_packet(datagram);
  if (!packet || open_next_ || packet->sequence.value() % kOpenOneIn == 0) {
    open_next_ = false;
    return false;
  }
  const rtp::CodecLine* codec = media_.find(packet->payload_type);
  SlotReceiver* slot = slot_of(packet->ssrc);
  if (codec == nullptr || slot == nullptr) {
    return false;
  }
  note_arrival(now, *packet);
  slot->handle_sealed(now, *codec, *packet);
  return true;
}

void MediaSession::handle_rtp(Instant now, MutableBytes datagram) {
  if (headers_only_ && handle_sealed_rtp(now, datagram)) {
    return;
  }
  const auto opened = opener_->open_rtp(datagram);
  if (!opened) {
    ++report_.refused;
    return;
  }
  auto packet = rtp::parse_packet(*opened);
  if (packet && packet->padded) {
    packet->payload = rtp::without_padding(packet->payload).value_or(Bytes());
  }
  if (!packet) {
    ++report_.malformed;
    return;
  }
  note_arrival(now, *packet);
  if (!give_to_slot(now, *packet) && !(adopt_source(*packet) && give_to_slot(now, *packet))) {
    ++report_.unknown_source;
  }
}

bool MediaSession::give_to_slot(Instant now, const rtp::PacketView& packet) {
  for (SlotReceiver& slot : slots_) {
    const rtp::CodecLine* codec = media_.find(packet.payload_type);
    if (slot.place().ssrc == packet.ssrc && codec != nullptr) {
      slot.handle_rtp(now, *codec, packet);
      return true;
    }
    codec = media_.find_by_rtx(packet.payload_type);
    if (slot.place().rtx_ssrc == packet.ssrc && codec != nullptr) {
      slot.handle_rtx(now, *codec, packet);
      return true;
    }
  }
  return false;
}

/// An answer need not tell SSRCs: a player then knows its one line of a kind by the payload type.
bool MediaSession::adopt_source(const rtp::PacketView& packet) {
  if (options_.offer != OfferShape::kPlay) {
    return false;
  }
  const rtp::CodecLine* media = media_.find(packet.payload_type);
  const rtp::CodecLine* codec = media != nullptr ? media : media_.find_by_rtx(packet.payload_type);
  if (codec == nullptr) {
    return false;
  }
  const rtp::MediaKind kind = rtp::kind_of(codec->format.codec);
  const auto slot =
      std::ranges::find(slots_, kind, [](const SlotReceiver& of) { return of.place().kind; });
  if (media == nullptr) {
    const bool repairs = slot != slots_.end() && !slot->place().rtx_ssrc;
    if (repairs) {
      slot->set_rtx_ssrc(packet.ssrc);
    }
    return repairs;
  }
  if (slot != slots_.end()) {
    return false;
  }
  slots_.emplace_back(
      SlotPlace{.slot = kind == rtp::MediaKind::kAudio ? std::uint16_t{0} : std::uint16_t{1},
                .mid = {},
                .kind = kind,
                .seat = std::nullopt,
                .ssrc = packet.ssrc,
                .rtx_ssrc = std::nullopt});
  return true;
}

SlotReceiver* MediaSession::slot_of(rtp::Ssrc media) {
  for (SlotReceiver& slot : slots_) {
    if (slot.place().ssrc == media) {
      return &slot;
    }
  }
  return nullptr;
}

const SlotReceiver* MediaSession::slot(std::uint16_t number) const {
  for (const SlotReceiver& slot : slots_) {
    if (slot.place().slot == number) {
      return &slot;
    }
  }
  return nullptr;
}

void MediaSession::handle_report_block(Instant now, const rtp::ReportBlock& block) {
  for (SendStream* stream :
       {camera_ ? &camera_->stream() : nullptr, microphone_ ? &microphone_->stream() : nullptr}) {
    if (stream != nullptr && stream->line().ssrc == block.ssrc) {
      stream->handle_report_block(now, block);
      for (SlotReceiver& slot : slots_) {
        slot.set_round_trip(stream->round_trip().value_or(rtp::NackGenerator::kInitialRoundTrip));
      }
    }
  }
}

void MediaSession::handle_rtcp(Instant now, MutableBytes datagram) {
  const auto opened = opener_->open_rtcp(datagram);
  if (!opened) {
    ++report_.refused;
    return;
  }
  const auto handle_blocks = [&](const rtp::ReportBlocks& blocks) {
    for (std::size_t index = 0; index < blocks.size(); ++index) {
      handle_report_block(now, blocks[index]);
    }
  };
  const auto is_camera = [&](rtp::Ssrc media) {
    return camera_ && camera_->stream().line().ssrc == media;
  };
  const auto read = rtp::for_each_rtcp(
      *opened,
      rtp::Overloaded{[&](const rtp::SenderReport& report) {
                        ++report_.reports_received;
                        if (SlotReceiver* slot = slot_of(report.sender)) {
                          slot->handle_sender_report(now, report);
                        }
                        handle_blocks(report.blocks);
                      },
                      [&](const rtp::ReceiverReport& report) {
                        ++report_.reports_received;
                        handle_blocks(report.blocks);
                      },
                      [&](const rtp::Nack& nack) {
                        if (is_camera(nack.media)) {
                          nack.for_each(
                              [&](rtp::SequenceNumber number) { camera_->handle_nack(number); });
                        }
                      },
                      [&](const rtp::Pli& pli) {
                        if (is_camera(pli.media)) {
                          camera_->handle_keyframe_request();
                        }
                      },
                      [&](const rtp::Fir& fir) {
                        if (is_camera(fir.media)) {
                          camera_->handle_keyframe_request();
                        }
                      },
                      [&](const rtp::TransportFeedback& feedback) {
                        ++report_.feedbacks_received;
                        feedback.for_each([&](rtp::SequenceNumber, std::optional<Duration> at) {
                          ++(at ? report_.feedback_arrived : report_.feedback_lost);
                        });
                      }});
  report_.malformed += read ? 0U : 1U;
}

}  // namespace visavis::testpeer
