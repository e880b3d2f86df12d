#include "sfu/publisher.hpp"

#include <algorithm>
#include <cstring>

#include "base/byte_writer.hpp"
#include "base/datagram_batch.hpp"
#include "rtp/header_extensions.hpp"
#include "rtp/header_writer.hpp"
#include "rtp/rtx.hpp"
#include "sfu/slot_header.hpp"

namespace visavis::sfu {
namespace {

constexpr std::byte kPaddingBit{0x20};  // RFC 3550 §5.1
constexpr std::byte kMarkerBit{0x80};
constexpr std::size_t kSsrcAt = 8;

/// The publisher's own header may not be endless: it lies in the log.
constexpr std::size_t kPacketMax = 1500;

}  // namespace

std::optional<MutableBytes> strip_padding(MutableBytes packet, const rtp::PacketView& view) {
  const auto payload = rtp::without_padding(view.payload);
  if (!payload) {
    return std::nullopt;
  }
  packet[0] &= ~kPaddingBit;
  return packet.first(packet.size() - (view.payload.size() - payload->size()));
}

void Publisher::update(const PeerSetup& setup) {
  media_ = setup.media;
  for (const rtp::PublishLine& line : setup.publish_lines) {
    const auto known =
        std::ranges::find(lines_, line.mid, [](const Line& l) { return l.line.mid; });
    if (known == lines_.end()) {
      lines_.emplace_back().line = line;
    } else {
      known->line = line;
    }
  }
  for (const Line& line : lines_) {
    if (line.stream == nullptr) {
      continue;
    }
    const auto& format = line.stream->format();
    if (const rtp::CodecLine* codec = format ? media_.find(*format) : nullptr) {
      line.stream->set_takes_requests(codec->pli || codec->fir);
    }
  }
}

const rtp::PublishLine* Publisher::find_line(std::string_view mid) const {
  const auto at = std::ranges::find(lines_, mid, [](const Line& line) { return line.line.mid; });
  return at == lines_.end() ? nullptr : &at->line;
}

bool Publisher::has_stream(std::string_view mid) const {
  return std::ranges::any_of(
      lines_, [mid](const Line& line) { return line.line.mid == mid && line.stream != nullptr; });
}

void Publisher::attach(Stream& stream, std::string_view mid) {
  for (std::size_t index = 0; index < lines_.size(); ++index) {
    if (lines_[index].line.mid == mid) {
      lines_[index].stream = &stream;
      lines_[index].delivered.reset();
      stream.set_round_trip(round_trip_);
      // Gaps from before are nobody's loss.
      std::ranges::for_each(sources_, [index](Source& source) {
        if (source.line == index) {
          source.nacks = {};
        }
      });
    }
  }
}

void Publisher::detach(const Stream& stream) {
  for (Line& line : lines_) {
    if (line.stream == &stream) {
      line.stream = nullptr;
    }
  }
}

std::vector<Stream*> Publisher::streams() const {
  std::vector<Stream*> streams;
  for (const Line& line : lines_) {
    if (line.stream != nullptr) {
      streams.push_back(line.stream);
    }
  }
  return streams;
}

void Publisher::handle_rtp(Instant now, MutableBytes packet) {
  auto view = rtp::parse_packet(packet);
  if (!view) {
    parts_.counters.drop(DropReason::kMalformed);
    return;
  }
  note_transport_sequence(now, *view);
  Source* source = source_of(now, *view);
  if (source == nullptr) {
    return;
  }
  if (view->padded) {
    const auto stripped = strip_padding(packet, *view);
    if (!stripped) {
      parts_.counters.drop(DropReason::kMalformed);
      return;
    }
    packet = *stripped;
    view = rtp::parse_packet(packet);
  }
  if (source->is_rtx) {
    const auto restored = restore_rtx(packet, *view, source->line);
    if (!restored) {
      return;
    }
    packet = *restored;
    view = rtp::parse_packet(packet);
    source = media_source(source->line);
  } else {
    source->stats.handle_packet(now, view->sequence, view->timestamp);
  }
  const rtp::CodecLine* codec = media_.find(view->payload_type);
  if (codec == nullptr || rtp::kind_of(codec->format.codec) != lines_[source->line].line.kind) {
    parts_.counters.drop(DropReason::kUnknownPayloadType);
    return;
  }
  deliver(now, *source, {.packet = packet, .view = *view, .format = codec->format});
}

void Publisher::handle_sender_report(Instant now, const rtp::SenderReport& report) {
  const auto source = std::ranges::find(sources_, report.sender, &Source::ssrc);
  if (source == sources_.end() || source->is_rtx) {
    return;
  }
  source->stats.handle_sender_report(now, report.ntp);
  const Instant at = clock_.handle_sender_report(now, report.ntp);
  if (Stream* stream = lines_[source->line].stream) {
    stream->handle_sender_report(at, report.timestamp);
  }
}

void Publisher::set_round_trip(Duration round_trip) {
  round_trip_ = round_trip;
  for (Source& source : sources_) {
    source.nacks.set_round_trip(round_trip);
  }
  for (const Line& line : lines_) {
    if (line.stream != nullptr) {
      line.stream->set_round_trip(round_trip);
    }
  }
}

void Publisher::drop_old(Instant now) {
  for (const Line& line : lines_) {
    if (line.stream != nullptr) {
      line.stream->drop_old(now);
    }
  }
}

Publisher::Source* Publisher::source_of(Instant now, const rtp::PacketView& view) {
  const auto known = std::ranges::find(sources_, view.ssrc, &Source::ssrc);
  if (known != sources_.end()) {
    return &*known;
  }
  const auto line = claim(view);
  if (!line) {
    parts_.counters.drop(DropReason::kNoStream);
    return nullptr;
  }
  return add_source(now, view, *line);
}

// RFC 9143 §9.2: the mid in the packet decides; else the SSRC that the offer signalled; else the
// payload type, if one line alone may use it.
std::optional<std::size_t> Publisher::claim(const rtp::PacketView& view) const {
  const auto value = rtp::find_extension(view, media_.extensions, rtp::Extension::kMid);
  const auto mid = value ? rtp::read_id(*value) : std::nullopt;
  for (std::size_t index = 0; index < lines_.size(); ++index) {
    const rtp::PublishLine& line = lines_[index].line;
    if (mid ? *mid == line.mid : (line.ssrc == view.ssrc || line.rtx_ssrc == view.ssrc)) {
      return index;
    }
  }
  return mid ? std::nullopt : claim_by_type(view.payload_type);
}

std::optional<std::size_t> Publisher::claim_by_type(rtp::PayloadType type) const {
  const rtp::CodecLine* media = media_.find(type);
  const rtp::CodecLine* codec = media != nullptr ? media : media_.find_by_rtx(type);
  if (codec == nullptr) {
    return std::nullopt;
  }
  const auto is_of_kind = [kind = rtp::kind_of(codec->format.codec)](const Line& line) {
    return line.line.kind == kind;
  };
  const auto only = std::ranges::find_if(lines_, is_of_kind);
  if (only == lines_.end() || std::ranges::count_if(lines_, is_of_kind) > 1) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(only - lines_.begin());
}

bool Publisher::may_change(Instant now, Line& line) {
  const bool may = line.changes.take(now);
  if (!may) {
    parts_.counters.drop(DropReason::kStreamTooRestless);
  }
  return may;
}

Publisher::Source* Publisher::add_source(Instant now, const rtp::PacketView& view,
                                         std::size_t line) {
  const bool is_rtx = media_.find_by_rtx(view.payload_type) != nullptr;
  if (!is_rtx && media_source(line) != nullptr && !may_change(now, lines_[line])) {
    return nullptr;
  }
  // A new SSRC on a line takes the place of the old one.
  std::erase_if(sources_, [&](const Source& source) {
    return source.line == line && source.is_rtx == is_rtx;
  });
  if (sources_.size() == kSourcesMax) {
    parts_.counters.drop(DropReason::kTooManySources);
    return nullptr;
  }
  const rtp::CodecLine* codec =
      is_rtx ? media_.find_by_rtx(view.payload_type) : media_.find(view.payload_type);
  if (codec == nullptr) {
    parts_.counters.drop(DropReason::kUnknownPayloadType);
    return nullptr;
  }
  const auto rate = rtp::clock_rate(codec->format.codec);
  sources_.push_back({view.ssrc, line, is_rtx, rtp::ReceptionStats(view.ssrc, rate), {}});
  sources_.back().nacks.set_round_trip(round_trip_);
  return &sources_.back();
}

Publisher::Source* Publisher::media_source(std::size_t line) {
  const auto at = std::ranges::find_if(
      sources_, [line](const Source& source) { return source.line == line && !source.is_rtx; });
  return at == sources_.end() ? nullptr : &*at;
}

// RFC 4588 §4: the payload begins with the original sequence number; header and extensions are the
// original's. They are moved up by the two bytes that go.
std::optional<MutableBytes> Publisher::restore_rtx(MutableBytes packet, const rtp::PacketView& view,
                                                   std::size_t line) {
  const auto original = rtp::parse_rtx(view.payload);
  const rtp::CodecLine* codec = media_.find_by_rtx(view.payload_type);
  const Source* media = media_source(line);
  if (!original) {
    parts_.counters.drop(DropReason::kPadding);
    return std::nullopt;
  }
  if (codec == nullptr || media == nullptr) {
    parts_.counters.drop(codec == nullptr ? DropReason::kUnknownPayloadType
                                          : DropReason::kNoStream);
    return std::nullopt;
  }
  const std::size_t header_size = packet.size() - view.payload.size();
  std::memmove(packet.data() + rtp::kRtxHeaderBytes, packet.data(), header_size);
  const MutableBytes restored = packet.subspan(rtp::kRtxHeaderBytes);
  const std::byte marker = restored[1] & kMarkerBit;
  restored[1] = marker | static_cast<std::byte>(codec->payload_type.value());
  rtp::rewrite_sequence(restored, original->original);
  ByteWriter(restored.subspan(kSsrcAt, sizeof(std::uint32_t))).u32(media->ssrc.value());
  ++parts_.counters.retransmissions_in;
  if (Stream* stream = lines_[line].stream) {
    stream->count_retransmission();
  }
  return restored;
}

void Publisher::note_transport_sequence(Instant now, const rtp::PacketView& view) {
  const auto value = rtp::find_extension(view, media_.extensions, rtp::Extension::kTransportCc);
  const auto sequence = value ? rtp::read_transport_cc(*value) : std::nullopt;
  if (sequence) {
    transport_feedback_.handle_packet(now, *sequence);
  }
}

void Publisher::deliver(Instant now, Source& source, const IncomingPacket& incoming) {
  if (report_at_ == kNever) {
    report_at_ = now + kReportInterval;
  }
  Stream* stream = lines_[source.line].stream;
  if (stream == nullptr) {
    parts_.counters.drop(DropReason::kNoStream);
    return;
  }
  if (incoming.view.payload.size() > SlotHeader::kPayloadMax ||
      incoming.packet.size() > kPacketMax) {
    parts_.counters.drop(DropReason::kTooLarge);
    return;
  }
  const rtp::CodecLine& codec = *media_.find(incoming.format);
  if (stream->format() != incoming.format) {
    if (stream->format() && !may_change(now, lines_[source.line])) {
      return;
    }
    stream->set_takes_requests(codec.pli || codec.fir);
  }
  if (codec.nack) {
    source.nacks.handle_packet(now, incoming.view.sequence);
    if (source.nacks.take_needs_keyframe()) {
      stream->want_keyframe(now);
    }
  }
  auto& delivered = lines_[source.line].delivered;
  if (delivered && *delivered != source.ssrc) {
    stream->restart(now);
  }
  delivered = source.ssrc;
  stream->handle_packet(now, incoming, media_.extensions);
}

}  // namespace visavis::sfu
