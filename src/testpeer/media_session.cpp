#include "testpeer/media_session.hpp"

#include <algorithm>
#include <utility>

#include "testpeer/seeded_entropy.hpp"

namespace visavis::testpeer {
namespace {

ice::Credentials make_credentials(Random& random) {
  SeededEntropy entropy{Random(random.next())};
  return ice::Credentials::make(entropy);
}

rtp::Ssrc make_ssrc(Random& random) {
  return rtp::Ssrc(static_cast<std::uint32_t>(random.next() | 1U));
}

sdp::OfferLine sending_line(rtp::MediaKind kind, Random& random) {
  sdp::OfferLine line{.mid = {}, .kind = kind, .direction = sdp::Direction::kSendOnly};
  line.ssrc = make_ssrc(random);
  if (kind == rtp::MediaKind::kVideo) {
    line.rtx_ssrc = make_ssrc(random);
  }
  return line;
}

sdp::OfferLine receiving_line(rtp::MediaKind kind) {
  return {.mid = {}, .kind = kind, .direction = sdp::Direction::kRecvOnly};
}

const sdp::Line* find_line(const sdp::Description& description, std::string_view mid) {
  const auto at = std::ranges::find(description.lines, mid, &sdp::Line::mid);
  return at == description.lines.end() ? nullptr : &*at;
}

/// The line of the codec that the camera makes, else the first that it could make.
const sdp::OfferedCodec* choose_codec(const sdp::Line& line, rtp::CodecName wanted) {
  for (const sdp::OfferedCodec& codec : line.codecs) {
    if (codec.line.format.codec == wanted) {
      return &codec;
    }
  }
  return nullptr;
}

}  // namespace

MediaSession::MediaSession(Instant /*now*/, Options options, const dtls::Identity& identity,
                           Random random)
    : options_(std::move(options)),
      identity_(&identity),
      random_(random),
      credentials_(make_credentials(random_)),
      origin_id_(std::to_string(random_.next() >> 2U)) {
  using enum rtp::MediaKind;
  if (options_.offer == OfferShape::kPublish) {
    lines_ = {sending_line(kAudio, random_), sending_line(kVideo, random_)};
    if (is_ffmpeg()) {
      lines_.back().rtx_ssrc.reset();
    }
    return;
  }
  if (options_.offer == OfferShape::kPlay) {
    lines_ = {receiving_line(kAudio), receiving_line(kVideo)};
    return;
  }
  for (const rtp::MediaKind kind : {kAudio, kVideo, kVideo, kAudio}) {
    lines_.push_back(sending_line(kind, random_));
  }
  add_seats(options_.seats);
  for (std::uint16_t voice = 0; voice < options_.voices; ++voice) {
    lines_.push_back(receiving_line(kAudio));
  }
}

void MediaSession::add_seats(std::uint16_t count) {
  for (std::uint16_t seat = 0; seat < count; ++seat) {
    lines_.push_back(receiving_line(rtp::MediaKind::kAudio));
    lines_.push_back(receiving_line(rtp::MediaKind::kVideo));
  }
}

void MediaSession::restart_ice() {
  credentials_ = make_credentials(random_);
}

std::string MediaSession::make_offer() {
  for (std::size_t index = 0; index < lines_.size(); ++index) {
    lines_[index].mid = std::to_string(index);
  }
  const dtls::Fingerprint& fingerprint = identity_->fingerprint();
  return sdp::write_offer(
      {.shape = options_.shape,
       .ice = {.ufrag = credentials_.ufrag, .pwd = credentials_.pwd},
       .fingerprint = {.algorithm = fingerprint.algorithm, .value = fingerprint.value_text()},
       .origin_id = origin_id_,
       .version = ++version_,
       .waits = options_.waits,
       .lines = lines_});
}

bool MediaSession::handle_answer(Instant now, std::string_view answer,
                                 std::span<const ListedSlot> slots) {
  const auto description = sdp::parse_description(answer);
  if (!description) {
    return false;
  }
  const auto fingerprint =
      dtls::Fingerprint::parse(description->fingerprint.algorithm, description->fingerprint.value);
  if (!fingerprint || description->candidates.empty()) {
    return false;
  }
  candidates_ = description->candidates;
  take_codecs(*description);
  take_slots(*description, slots);
  if (!dtls_) {
    const bool peer_begins = description->setup == sdp::SetupRole::kActive;  // RFC 4145 §4
    dtls_role_ = peer_begins ? dtls::Role::kServer : dtls::Role::kClient;
    dtls_ = std::make_unique<dtls::Session>(dtls_role_, *identity_, *fingerprint);
    make_senders(*description);
  }
  start_ice(now, *description);
  return true;
}

void MediaSession::take_codecs(const sdp::Description& answer) {
  media_ = {};
  receives_.clear();
  media_.reduced_size_rtcp = std::ranges::all_of(
      answer.lines, [](const sdp::Line& line) { return line.rejected || line.reduced_size_rtcp; });
  for (const sdp::Line& line : answer.lines) {
    const bool sends =
        line.direction == sdp::Direction::kSendOnly || line.direction == sdp::Direction::kSendRecv;
    if (sends && !line.rejected && !line.codecs.empty()) {
      receives_.push_back(*line.kind);
    }
    for (const sdp::OfferedCodec& codec : line.codecs) {
      if (media_.find(codec.line.payload_type) == nullptr) {
        media_.codecs.push_back(codec.line);
      }
    }
    for (const sdp::OfferedExtension& extension : line.extensions) {
      media_.extensions.set(extension.id, extension.extension);
    }
  }
  context_.extensions = media_.extensions;
}

void MediaSession::take_slots(const sdp::Description& answer, std::span<const ListedSlot> slots) {
  for (const ListedSlot& listed : slots) {
    const sdp::Line* line = find_line(answer, listed.mid);
    if (line == nullptr || !line->ssrc || slot_of(*line->ssrc) != nullptr) {
      continue;
    }
    slots_.emplace_back(SlotPlace{.slot = listed.slot,
                                  .mid = listed.mid,
                                  .kind = listed.kind,
                                  .seat = listed.seat,
                                  .ssrc = *line->ssrc,
                                  .rtx_ssrc = line->rtx_ssrc});
  }
}

bool MediaSession::will_receive(rtp::MediaKind kind) const {
  return std::ranges::find(receives_, kind) != receives_.end();
}

void MediaSession::make_senders(const sdp::Description& answer) {
  const auto stream_for = [&](std::string_view mid, rtp::CodecName codec_name) {
    const sdp::Line* line = find_line(answer, mid);
    const sdp::OfferedCodec* codec = line == nullptr ? nullptr : choose_codec(*line, codec_name);
    std::optional<SendStream> stream;
    if (codec != nullptr) {
      const auto offered = std::ranges::find(lines_, mid, &sdp::OfferLine::mid);
      stream.emplace(SendLine{.mid = std::string(mid),
                              .ssrc = *offered->ssrc,
                              .rtx_ssrc = offered->rtx_ssrc,
                              .payload_type = codec->line.payload_type,
                              .rtx = codec->line.rtx,
                              .clock_rate = rtp::clock_rate(codec_name)},
                     random_);
    }
    return stream;
  };
  if (options_.camera) {
    if (auto stream = stream_for(kCameraMid, options_.video.codec)) {
      camera_ = std::make_unique<VideoSender>(VideoSource(options_.video, Random(random_.next())),
                                              std::move(*stream));
    }
  }
  if (options_.microphone) {
    if (auto stream = stream_for(kMicrophoneMid, rtp::CodecName::kOpus)) {
      microphone_ = std::make_unique<AudioSender>(AudioSource(options_.audio), std::move(*stream));
    }
  }
}

void MediaSession::start_ice(Instant now, const sdp::Description& answer) {
  ice::FullAgent::Setup setup{.local = credentials_,
                              .remote = {.ufrag = answer.ice.ufrag, .pwd = answer.ice.pwd},
                              .local_addresses = options_.addresses,
                              .remote_candidates = {},
                              .minimal = is_ffmpeg()};
  auto priority = static_cast<std::uint32_t>(answer.candidates.size());
  for (const SocketAddress& candidate : answer.candidates) {
    setup.remote_candidates.push_back({candidate, priority--});
  }
  const bool restarted = setup.remote != remote_credentials_;
  remote_credentials_ = setup.remote;
  if (!ice_) {
    ice_ = std::make_unique<ice::FullAgent>(now, std::move(setup), Random(random_.next()));
  } else if (restarted) {
    ice_->restart(now, std::move(setup));
  }
}

void MediaSession::handle_datagram(Instant now, const Route& route, MutableBytes datagram) {
  if (!ice_ || datagram.empty()) {
    return;
  }
  ++report_.datagrams_received;
  const auto first = std::to_integer<unsigned>(datagram[0]);  // RFC 7983 §7
  if (first < 4) {
    ice_->handle_datagram(now, route, datagram);
  } else if (first >= 20 && first < 64) {
    if (std::exchange(heard_dtls_, true) || !is_ffmpeg()) {
      dtls_->handle_datagram(now, datagram);
    }
  } else if (first >= 128 && first < 192 && opener_) {
    if (rtp::is_rtcp(datagram)) {
      handle_rtcp(now, datagram);
    } else {
      handle_rtp(now, datagram);
    }
  } else {
    ++report_.refused;
  }
  follow_transport(now);
}

void MediaSession::follow_transport(Instant now) {
  if (ice_->state() == ice::FullAgent::State::kConnected && !report_.ice_connected_at) {
    report_.ice_connected_at = now;
    if (dtls_role_ == dtls::Role::kClient) {
      dtls_->start(now);
    }
  }
  if (dtls_->state() == dtls::State::kConnected && !sealer_) {
    start_sending(now);
  }
  report_.failed =
      ice_->state() == ice::FullAgent::State::kFailed || dtls_->state() == dtls::State::kFailed;
}

void MediaSession::start_sending(Instant now) {
  const dtls::Keys& exported = *dtls_->keys();
  const auto profile = srtp::profile_of(exported.profile);
  const auto keys = profile ? srtp::split_keys(*profile, exported.material) : std::nullopt;
  if (!keys) {
    report_.failed = true;
    return;
  }
  srtp::Cipher& cipher = options_.cipher != nullptr ? *options_.cipher : srtp::openssl_cipher();
  const bool client = dtls_role_ == dtls::Role::kClient;
  const srtp::MasterKey& ours = client ? keys->client : keys->server;
  const srtp::MasterKey& theirs = client ? keys->server : keys->client;
  sealer_ = std::make_unique<srtp::Sealer>(keys->profile, ours.key, ours.salt, cipher);
  opener_ = std::make_unique<srtp::Opener>(keys->profile, theirs.key, theirs.salt, cipher);
  context_.sealer = sealer_.get();
  report_.connected_at = now;
  // The first report early: the server needs the NTP line. Then each peer at its own phase.
  report_at_ = now + std::chrono::milliseconds(100);
  if (camera_) {
    camera_->start(now);
  }
  if (microphone_) {
    microphone_->start(now);
  }
}

void MediaSession::handle_timeout(Instant now) {
  if (!ice_) {
    return;
  }
  ice_->handle_timeout(now);
  dtls_->handle_timeout(now);
  if (connected() && camera_) {
    camera_->handle_timeout(now);
  }
  follow_transport(now);
}

Instant MediaSession::next_timeout() const {
  if (!ice_) {
    return kNever;
  }
  Instant next =
      std::min({ice_->next_timeout(), dtls_->next_timeout(), report_at_, arrivals_.next_timeout()});
  if (connected() && camera_) {
    next = std::min(next, camera_->next_timeout());
  }
  if (connected() && microphone_) {
    next = std::min(next, microphone_->next_timeout());
  }
  for (const SlotReceiver& slot : slots_) {
    next = std::min(next, slot.next_timeout());
  }
  return next;
}

bool MediaSession::flush(Instant now, DatagramBatch& out) {
  while (!out.full()) {
    if (!ice_ || !write_next(now, out)) {
      return false;
    }
    ++report_.datagrams_sent;
  }
  return true;
}

bool MediaSession::write_next(Instant now, DatagramBatch& out) {
  if (ice_->poll_transmit(out)) {
    return true;
  }
  const auto& route = ice_->route();
  if (!route) {
    return false;
  }
  if (const Bytes flight = dtls_->poll_transmit(); !flight.empty()) {
    std::ranges::copy(flight, out.reserve().begin());
    out.commit(*route, flight.size());
    return true;
  }
  if (!connected()) {
    return false;
  }
  const MutableBytes cell = out.reserve();
  std::size_t size = rtcp_due(now) ? write_rtcp(now, cell) : 0;
  size = size > 0 ? size : write_media(now, cell);
  if (size == 0) {
    return false;
  }
  out.commit(*route, size);
  return true;
}

std::size_t MediaSession::write_media(Instant now, MutableBytes cell) {
  std::size_t size = 0;
  if (microphone_) {
    size = microphone_->poll_packet(now, context_, cell);
  }
  if (size == 0 && camera_) {
    size = camera_->poll_packet(now, context_, cell);
  }
  return size;
}

void MediaSession::move_to(Instant now, const SocketAddress& address) {
  options_.addresses = {address};
  if (ice_) {
    ice_->move_to(now, address);
  }
}

void MediaSession::set_talking(bool talking) {
  options_.audio.talking = talking;
  if (microphone_) {
    microphone_->source().set_talking(talking);
  }
}

}  // namespace visavis::testpeer
