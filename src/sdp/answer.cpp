#include "sdp/answer.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "sdp/answer_writer.hpp"

namespace visavis::sdp {
namespace {

/// Which header extensions are agreed on, by the role of the line. Video orientation is not taken
/// from publishers, so that they turn their pictures themselves: not every viewer can (Firefox).
/// Layers and dependency descriptors come with AV1 only. Rids are never sent to viewers.
struct ExtensionRule {
  rtp::Extension extension;
  bool publish;
  bool slot;
};
constexpr std::array kExtensionRules = {
    ExtensionRule{.extension = rtp::Extension::kMid, .publish = true, .slot = true},
    ExtensionRule{.extension = rtp::Extension::kRid, .publish = true, .slot = false},
    ExtensionRule{.extension = rtp::Extension::kRepairedRid, .publish = true, .slot = false},
    ExtensionRule{.extension = rtp::Extension::kAudioLevel, .publish = true, .slot = true},
    ExtensionRule{.extension = rtp::Extension::kTransportCc, .publish = true, .slot = true},
    ExtensionRule{.extension = rtp::Extension::kAbsSendTime, .publish = false, .slot = true},
    ExtensionRule{
        .extension = rtp::Extension::kDependencyDescriptor, .publish = false, .slot = true},
};

bool is_agreed(rtp::Extension extension, Role role, bool av1) {
  if (extension == rtp::Extension::kDependencyDescriptor && role == Role::kPublish) {
    return av1;
  }
  const auto* const rule = std::ranges::find(kExtensionRules, extension, &ExtensionRule::extension);
  return rule != kExtensionRules.end() && (role == Role::kPublish ? rule->publish : rule->slot);
}

/// RFC 8285 §6: from the offerer's point of view.
bool is_compatible(Direction extension, Role role) {
  return extension == Direction::kSendRecv ||
         extension == (role == Role::kPublish ? Direction::kSendOnly : Direction::kRecvOnly);
}

bool is_shown(const rtp::Format& format) {
  // H.264 with packetization-mode 0 (even numbers) is sent by no publisher of ours.
  return format.codec != rtp::CodecName::kH264 || format.profile % 2 == 1;
}

/// How much a publisher's codec is wanted, the smallest first; nothing: it is not taken.
std::optional<int> publish_rank(const rtp::Format& format, const OurSide& ours) {
  switch (format.codec) {
    case rtp::CodecName::kOpus:
    case rtp::CodecName::kVp8: return 0;
    case rtp::CodecName::kH264:
      if (format.profile == kH264ConstrainedBaseline) {
        return 1;
      }
      // An encoder that is no browser often has one profile, and most viewers can decode it.
      return ours.purpose == Purpose::kPublish && is_shown(format) ? std::optional(4)
                                                                   : std::nullopt;
    case rtp::CodecName::kVp9:
      return ours.accept_vp9 && format.profile == 0 ? std::optional(2) : std::nullopt;
    case rtp::CodecName::kAv1:
      return ours.accept_av1 && format.profile == 0 ? std::optional(3) : std::nullopt;
  }
  return std::nullopt;
}

/// Encoders that are no browser say Baseline and mean its Constrained subset: nobody makes the rest
/// of it (FMO, ASO). Taken at their word, they would not be shown to a viewer that can decode them.
/// Browsers, who offer both, mean what they say.
void constrain_baseline(Line& line) {
  constexpr rtp::Format kConstrained{.codec = rtp::CodecName::kH264,
                                     .profile = kH264ConstrainedBaseline};
  constexpr rtp::Format kBaseline{.codec = rtp::CodecName::kH264, .profile = kH264Baseline};
  const auto format_of = [](const OfferedCodec& codec) { return codec.line.format; };
  if (std::ranges::find(line.codecs, kConstrained, format_of) != line.codecs.end()) {
    return;
  }
  for (OfferedCodec& codec : line.codecs) {
    if (codec.line.format == kBaseline) {
      codec.line.format = kConstrained;
    }
  }
}

/// Decides line by line. What is the same for the whole BUNDLE (which payload type and
/// which extension id mean what, RFC 9143 §9) is decided by the first line that says it.
class Answerer {
 public:
  Answerer(const Description& offer, const OurSide& ours, const Negotiated* before,
           Entropy& entropy)
      : offer_(offer), ours_(ours), before_(before), entropy_(entropy) {}

  std::expected<Negotiated, SdpError> run() {
    const auto setup = choose_setup();
    if (!setup) {
      return std::unexpected(setup.error());
    }
    setup_ = *setup;
    if (!keeps_lines()) {
      return std::unexpected(SdpError::kLinesChanged);
    }
    if (before_ != nullptr) {
      slots_ = before_->slots;
      publish_lines_ = before_->publish_lines;
    }
    if (const auto decided = decide_lines(); !decided) {
      return std::unexpected(decided.error());
    }
    if (const auto opened = open_slots(); !opened) {
      return std::unexpected(opened.error());
    }
    return conclude();
  }

 private:
  /// Our DTLS role (RFC 8842 §5.3): we wait for the ClientHello whenever the offer lets us, as
  /// RFC 8829 §5.3.1 would have an answerer begin for speed, which a lite agent, who cannot begin
  /// before it was checked, does not gain. An association that stands keeps its roles.
  [[nodiscard]] std::expected<SetupRole, SdpError> choose_setup() const {
    if (offer_.setup == SetupRole::kHoldconn) {
      return std::unexpected(SdpError::kNoSetupRole);
    }
    const bool offerer_waits = offer_.setup == SetupRole::kPassive;
    if (before_ == nullptr) {
      return offerer_waits ? SetupRole::kActive : SetupRole::kPassive;
    }
    if (offer_.setup != SetupRole::kActpass &&
        offerer_waits != (before_->setup == SetupRole::kActive)) {
      return std::unexpected(SdpError::kNoSetupRole);
    }
    return before_->setup;
  }

  /// RFC 8829 §5.2.2: a further offer keeps the lines of the one before, in order.
  [[nodiscard]] bool keeps_lines() const {
    if (before_ == nullptr) {
      return true;
    }
    if (before_->mids.size() > offer_.lines.size()) {
      return false;
    }
    for (std::size_t i = 0; i < before_->mids.size(); ++i) {
      if (offer_.lines[i].mid != before_->mids[i] ||
          offer_.lines[i].section.media != before_->medias[i]) {
        return false;
      }
    }
    return true;
  }

  [[nodiscard]] Role role_of(const Line& line) const {
    if (line.rejected || !line.kind || !line.bundled) {
      return Role::kRejected;
    }
    // What a line once was, it stays: its slot or stream may become active again.
    const auto was = [&line](const auto& lines, auto mid) {
      return std::ranges::any_of(lines, [&](const auto& one) { return mid(one) == line.mid; });
    };
    if (was(slots_, [](const Slot& slot) { return slot.line.mid; })) {
      return Role::kSlot;
    }
    if (was(publish_lines_, [](const rtp::PublishLine& one) { return one.mid; })) {
      return Role::kPublish;
    }
    const bool plays = ours_.purpose == Purpose::kPlay;
    switch (line.direction) {
      case Direction::kSendOnly: return plays ? Role::kRejected : Role::kPublish;
      case Direction::kSendRecv: return plays ? Role::kSlot : Role::kPublish;
      case Direction::kRecvOnly:
        return ours_.purpose == Purpose::kPublish ? Role::kRejected : Role::kSlot;
      case Direction::kInactive: return Role::kIdle;
    }
    return Role::kRejected;
  }

  std::expected<void, SdpError> decide_lines() {
    for (const Line& line : offer_.lines) {
      Answered answered{.offered = &line, .role = role_of(line)};
      if (answered.role != Role::kRejected) {
        answered.codecs = choose_codecs(line, answered.role);
      }
      if (const auto error = refuse_track(answered)) {
        return std::unexpected(*error);
      }
      if (answered.codecs.empty()) {
        answered.role = Role::kRejected;
      } else if (!line.rtcp_mux) {
        return std::unexpected(SdpError::kNoRtcpMux);
      } else {
        answered.extensions = choose_extensions(line, answered.role);
      }
      lines_.push_back(std::move(answered));
    }
    const bool usable = std::ranges::any_of(
        lines_, [](const Answered& line) { return line.role != Role::kRejected; });
    return usable ? std::expected<void, SdpError>() : std::unexpected(SdpError::kNoMedia);
  }

  /// Who only publishes has all of what it offers taken, or nothing: half of a broadcast misleads
  /// (RFC 9725 §4.4.2, §4.4.3).
  [[nodiscard]] std::optional<SdpError> refuse_track(const Answered& line) const {
    if (ours_.purpose != Purpose::kPublish || line.role != Role::kPublish) {
      return std::nullopt;
    }
    if (line.codecs.empty()) {
      return SdpError::kUnusableLine;
    }
    const bool is_second = std::ranges::any_of(lines_, [&line](const Answered& other) {
      return other.role == Role::kPublish && other.offered->kind == line.offered->kind;
    });
    return is_second ? std::optional(SdpError::kTooManyTracks) : std::nullopt;
  }

  std::vector<const OfferedCodec*> choose_codecs(const Line& line, Role role) {
    std::vector<const OfferedCodec*> chosen;
    for (const OfferedCodec& codec : line.codecs) {
      const rtp::Format& format = codec.line.format;
      const bool wanted =
          role == Role::kPublish ? publish_rank(format, ours_).has_value() : is_shown(format);
      const bool again = std::ranges::any_of(
          chosen, [&](const OfferedCodec* other) { return other->line.format == format; });
      if (wanted && !again && claim(codec)) {
        chosen.push_back(&codec);
      }
    }
    if (role == Role::kPublish) {
      std::ranges::sort(chosen, {}, [this](const OfferedCodec* codec) {
        return publish_rank(codec->line.format, ours_);
      });
    }
    note_formats(chosen, role == Role::kPublish ? can_send_ : can_show_);
    return chosen;
  }

  static void note_formats(const std::vector<const OfferedCodec*>& codecs,
                           std::vector<rtp::Format>& into) {
    for (const OfferedCodec* codec : codecs) {
      if (std::ranges::find(into, codec->line.format) == into.end()) {
        into.push_back(codec->line.format);
      }
    }
  }

  /// False when the payload type means something else on an earlier line.
  bool claim(const OfferedCodec& codec) {
    const auto type = codec.line.payload_type;
    const auto [known, is_new] = codecs_.try_emplace(type, &codec);
    if (is_new) {
      codec_order_.push_back(type);
    }
    return known->second->line.format == codec.line.format &&
           known->second->line.rtx == codec.line.rtx;
  }

  std::vector<OfferedExtension> choose_extensions(const Line& line, Role role) {
    std::vector<OfferedExtension> chosen;
    for (const OfferedExtension& offered : line.extensions) {
      const bool wanted = role != Role::kIdle &&
                          is_agreed(offered.extension, role, ours_.accept_av1) &&
                          is_compatible(offered.direction, role);
      const auto same_id = extensions_.at(offered.id);
      const auto same_meaning = extensions_.id_of(offered.extension);
      const bool is_new = !same_id && !same_meaning;
      if (wanted && (is_new || same_id == offered.extension)) {
        extensions_.set(offered.id, offered.extension);
        chosen.push_back(offered);
      }
    }
    return chosen;
  }

  /// Numbers the slots, gives new ones their seats and SSRCs, and lists the publishing lines.
  std::expected<void, SdpError> open_slots() {
    note_sources();
    const auto slots_before = slots_.size();
    for (Answered& line : lines_) {
      if (line.role == Role::kPublish) {
        note_publish_line(*line.offered);
      } else if (line.role == Role::kSlot) {
        if (slots_.size() >= ours_.slots_max) {
          return std::unexpected(SdpError::kTooManySlots);
        }
        line.slot = slot_for(*line.offered);
      }
    }
    seat(slots_before);
    return {};
  }

  void note_sources() {
    for (const Line& line : offer_.lines) {
      sources_.insert(line.ssrcs.begin(), line.ssrcs.end());
    }
    for (const Slot& slot : slots_) {
      sources_.insert(slot.line.ssrc);
      if (slot.line.rtx_ssrc) {
        sources_.insert(*slot.line.rtx_ssrc);
      }
    }
  }

  void note_publish_line(const Line& line) {
    rtp::PublishLine noted{.mid = line.mid,
                           .kind = line.kind.value_or(rtp::MediaKind::kAudio),
                           .ssrc = line.ssrc,
                           .rtx_ssrc = line.rtx_ssrc};
    const auto known = std::ranges::find(publish_lines_, line.mid, &rtp::PublishLine::mid);
    if (known == publish_lines_.end()) {
      publish_lines_.push_back(std::move(noted));
    } else if (line.ssrc) {
      *known = std::move(noted);
    }
  }

  std::uint16_t slot_for(const Line& line) {
    const auto known = std::ranges::find_if(
        slots_, [&line](const Slot& slot) { return slot.line.mid == line.mid; });
    if (known != slots_.end()) {
      return known->line.slot;
    }
    const auto index = static_cast<std::uint16_t>(slots_.size());
    Slot slot{.line = {.slot = index,
                       .mid = line.mid,
                       .kind = line.kind.value_or(rtp::MediaKind::kAudio),
                       .ssrc = new_source(),
                       .rtx_ssrc = {}},
              .seat = {}};
    const bool repaired = std::ranges::any_of(
        line.codecs, [](const OfferedCodec& codec) { return codec.line.rtx.has_value(); });
    if (repaired) {
      slot.line.rtx_ssrc = new_source();
    }
    slots_.push_back(std::move(slot));
    return index;
  }

  rtp::Ssrc new_source() {
    for (;;) {
      std::uint32_t value = 0;
      entropy_.fill(std::as_writable_bytes(std::span(&value, 1)));
      if (value != 0 && sources_.insert(rtp::Ssrc(value)).second) {
        return rtp::Ssrc(value);
      }
    }
  }

  /// The n-th new video slot and the n-th new audio slot form a seat.
  void seat(std::size_t first_new) {
    const auto next_seat = static_cast<std::uint16_t>(std::ranges::count_if(
        slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(first_new),
        [](const Slot& slot) { return slot.line.kind == rtp::MediaKind::kVideo; }));
    std::uint16_t videos = 0;
    std::uint16_t audios = 0;
    for (std::size_t i = first_new; i < slots_.size(); ++i) {
      const bool video = slots_[i].line.kind == rtp::MediaKind::kVideo;
      slots_[i].seat = static_cast<std::uint16_t>(next_seat + (video ? videos++ : audios++));
    }
    for (std::size_t i = first_new; i < slots_.size(); ++i) {
      // More audio than video lines: voices.
      if (slots_[i].seat >= next_seat + videos) {
        slots_[i].seat.reset();
      }
    }
  }

  Negotiated conclude() {
    Negotiated negotiated;
    negotiated.remote_ice = offer_.ice;
    negotiated.remote_fingerprint = offer_.fingerprint;
    negotiated.remote_origin_id = offer_.origin_id;
    negotiated.setup = setup_;
    negotiated.answers = before_ == nullptr ? 1 : before_->answers + 1;
    negotiated.media = media();
    for (const rtp::PayloadType type : codec_order_) {
      negotiated.codecs.push_back(*codecs_.at(type));
    }
    for (const Line& line : offer_.lines) {
      negotiated.mids.push_back(line.mid);
      negotiated.medias.push_back(line.section.media);
    }
    negotiated.can_send = std::move(can_send_);
    negotiated.can_show = std::move(can_show_);
    negotiated.answer =
        AnswerWriter(offer_, ours_, slots_, setup_).write(lines_, negotiated.answers);
    negotiated.publish_lines = std::move(publish_lines_);
    negotiated.slots = std::move(slots_);
    return negotiated;
  }

  [[nodiscard]] rtp::MediaParameters media() const {
    rtp::MediaParameters media;
    for (const rtp::PayloadType type : codec_order_) {
      media.codecs.push_back(codecs_.at(type)->line);
    }
    media.extensions = extensions_;
    media.reduced_size_rtcp = std::ranges::all_of(lines_, [](const Answered& line) {
      return line.role == Role::kRejected || line.offered->reduced_size_rtcp;
    });
    return media;
  }

  const Description& offer_;
  const OurSide& ours_;
  const Negotiated* before_;
  Entropy& entropy_;

  SetupRole setup_ = SetupRole::kPassive;
  std::vector<Answered> lines_;
  std::map<rtp::PayloadType, const OfferedCodec*> codecs_;
  std::vector<rtp::PayloadType> codec_order_;
  rtp::ExtensionMap extensions_;
  std::vector<rtp::Format> can_send_;
  std::vector<rtp::Format> can_show_;
  std::vector<Slot> slots_;
  std::vector<rtp::PublishLine> publish_lines_;
  std::set<rtp::Ssrc> sources_;
};

}  // namespace

bool same_connection(const Negotiated& before, const Description& offer) {
  return before.remote_origin_id == offer.origin_id &&
         before.remote_fingerprint == offer.fingerprint;
}

std::expected<Negotiated, SdpError> answer(const Description& offer, const OurSide& ours,
                                           const Negotiated* before, Entropy& entropy) {
  if (ours.purpose == Purpose::kPublish) {
    Description taken = offer;
    std::ranges::for_each(taken.lines, constrain_baseline);
    return Answerer(taken, ours, before, entropy).run();
  }
  return Answerer(offer, ours, before, entropy).run();
}

}  // namespace visavis::sdp
