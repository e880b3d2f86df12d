#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/datagram_batch.hpp"
#include "base/random.hpp"
#include "base/route.hpp"
#include "base/time.hpp"
#include "dtls/identity.hpp"
#include "dtls/session.hpp"
#include "ice/full_agent.hpp"
#include "rtp/media_parameters.hpp"
#include "rtp/transport_feedback.hpp"
#include "sdp/offer.hpp"
#include "srtp/opener.hpp"
#include "srtp/sealer.hpp"
#include "testpeer/audio_sender.hpp"
#include "testpeer/slot_receiver.hpp"
#include "testpeer/video_sender.hpp"

namespace visavis::testpeer {

/// A slot as the call protocol's acks list it.
struct ListedSlot {
  std::uint16_t slot = 0;
  std::string mid;
  rtp::MediaKind kind = rtp::MediaKind::kAudio;
  std::optional<std::uint16_t> seat;
};

/// Which lines an offer has.
enum class OfferShape : std::uint8_t {
  kCall,     ///< The call protocol's: four to send on, seats and voices.
  kPublish,  ///< WHIP (RFC 9725 §4.4.2): one of each kind to send on.
  kPlay,     ///< WHEP: one of each kind to receive on.
};

/// What a peer's transport saw.
struct TransportReport {
  std::optional<Instant> ice_connected_at;
  std::optional<Instant> connected_at;  ///< ICE and DTLS.
  bool failed = false;
  std::uint64_t datagrams_sent = 0;
  std::uint64_t datagrams_received = 0;
  std::uint64_t refused = 0;         ///< Datagrams that did not open.
  std::uint64_t malformed = 0;       ///< Opened, and no RTP or RTCP.
  std::uint64_t unknown_source = 0;  ///< RTP of an SSRC or payload type that no slot has.
  std::uint64_t reports_received = 0;
  std::uint64_t feedbacks_received = 0;  ///< Transport feedback packets.
  std::uint64_t feedback_lost = 0;       ///< Packets that they told as missing.
  std::uint64_t feedback_arrived = 0;
};

/// A browser's RTCPeerConnection, as far as a call uses it: offer and answer, full ICE in the
/// controlling role, DTLS, SRTP, a synthetic camera and microphone, and slots.
///
/// Drive it like every core: `handle_*`, then `flush()` until it returns false, then sleep until
/// `next_timeout()`. The identity is lent for its life, so that thousands may share one.
class MediaSession {
 public:
  struct Options {
    /// `kFfmpeg` also behaves as FFmpeg 8 does: minimal ICE, and the first datagram of DTLS is lost
    /// on it.
    sdp::BrowserShape shape = sdp::BrowserShape::kChromium;
    bool waits = false;  ///< For the server's ClientHello.
    OfferShape offer = OfferShape::kCall;
    std::vector<SocketAddress> addresses;  ///< Our own, for host candidates.
    std::uint16_t seats = 6;
    std::uint16_t voices = 3;
    bool camera = true;  ///< Publish from the start.
    bool microphone = true;
    VideoSource::Options video;
    AudioSource::Options audio;
    srtp::Cipher* cipher = nullptr;  ///< Lent; null: OpenSSL.
  };
  /// Of the packets of a session that reads headers only, one of so many is opened all the same:
  /// it keeps the rollover counter right and proves the keys.
  static constexpr unsigned kOpenOneIn = 64;
  static constexpr std::string_view kMicrophoneMid = "0";
  static constexpr std::string_view kCameraMid = "1";
  /// Reports leave every second, as browsers' for video.
  static constexpr Duration kReportInterval = std::chrono::seconds(1);

  MediaSession(Instant now, Options options, const dtls::Identity& identity, Random random);
  MediaSession(const MediaSession&) = delete;
  MediaSession& operator=(const MediaSession&) = delete;
  ~MediaSession() = default;

  /// An offer of all lines; a further one has a higher version.
  [[nodiscard]] std::string make_offer();
  /// Adds lines for further seats to the next offer.
  void add_seats(std::uint16_t count);
  /// The next offer restarts ICE.
  void restart_ice();
  /// False when the answer cannot be used.
  [[nodiscard]] bool handle_answer(Instant now, std::string_view answer,
                                   std::span<const ListedSlot> slots);

  /// `datagram` is opened in place.
  void handle_datagram(Instant now, const Route& route, MutableBytes datagram);
  void handle_timeout(Instant now);
  [[nodiscard]] Instant next_timeout() const;
  /// Writes what is to leave. True: `out` is full and more waits.
  [[nodiscard]] bool flush(Instant now, DatagramBatch& out);

  /// The client moved to another network: sends from `address` from now on.
  void move_to(Instant now, const SocketAddress& address);
  void set_talking(bool talking);
  /// From now on most RTP is not opened: its header is in the clear (RFC 3711 §3.1), which is
  /// enough for reports, NACKs and transport feedback. Frames are not put together any more. For
  /// load, where opening everything would cost more than the server's sealing.
  void read_headers_only();
  /// Opens the next packet of every slot.
  void open_next() { open_next_ = true; }

  [[nodiscard]] bool connected() const { return sealer_ != nullptr; }
  /// Only `restart_ice()` and a new offer bring the connection back.
  [[nodiscard]] bool ice_failed() const {
    return ice_ && ice_->state() == ice::FullAgent::State::kFailed;
  }
  [[nodiscard]] const TransportReport& report() const { return report_; }
  /// Where the server is, as its newest answer says.
  [[nodiscard]] std::span<const SocketAddress> candidates() const { return candidates_; }
  /// Whether that answer has a line of this kind on which the server sends what we can read.
  [[nodiscard]] bool will_receive(rtp::MediaKind kind) const;
  [[nodiscard]] std::span<const SlotReceiver> slots() const { return slots_; }
  [[nodiscard]] const SlotReceiver* slot(std::uint16_t number) const;
  [[nodiscard]] const VideoSender* camera() const { return camera_.get(); }
  [[nodiscard]] const AudioSender* microphone() const { return microphone_.get(); }

 private:
  [[nodiscard]] bool is_ffmpeg() const { return options_.shape == sdp::BrowserShape::kFfmpeg; }
  void start_ice(Instant now, const sdp::Description& answer);
  void start_sending(Instant now);
  void follow_transport(Instant now);
  void take_slots(const sdp::Description& answer, std::span<const ListedSlot> slots);
  void take_codecs(const sdp::Description& answer);
  void make_senders(const sdp::Description& answer);
  void handle_rtp(Instant now, MutableBytes datagram);
  [[nodiscard]] bool handle_sealed_rtp(Instant now, Bytes datagram);
  void note_arrival(Instant now, const rtp::PacketView& packet);
  [[nodiscard]] bool give_to_slot(Instant now, const rtp::PacketView& packet);
  [[nodiscard]] bool adopt_source(const rtp::PacketView& packet);
  void handle_rtcp(Instant now, MutableBytes datagram);
  void handle_report_block(Instant now, const rtp::ReportBlock& block);
  [[nodiscard]] SlotReceiver* slot_of(rtp::Ssrc media);
  [[nodiscard]] rtp::Ssrc own_ssrc() const;
  bool write_next(Instant now, DatagramBatch& out);
  std::size_t write_media(Instant now, MutableBytes cell);
  std::size_t write_rtcp(Instant now, MutableBytes cell);
  void write_reports(Instant now, rtp::RtcpWriter& writer);
  [[nodiscard]] bool rtcp_due(Instant now) const;

  Options options_;
  const dtls::Identity* identity_;  // Lent.
  Random random_;
  std::vector<sdp::OfferLine> lines_;
  ice::Credentials credentials_;
  std::string origin_id_;
  std::uint32_t version_ = 0;
  ice::Credentials remote_credentials_;
  // Large, and made only on the way into a call.
  std::unique_ptr<ice::FullAgent> ice_;
  std::unique_ptr<dtls::Session> dtls_;
  std::unique_ptr<srtp::Opener> opener_;
  std::unique_ptr<srtp::Sealer> sealer_;
  rtp::MediaParameters media_;
  SendContext context_;
  std::unique_ptr<VideoSender> camera_;
  std::unique_ptr<AudioSender> microphone_;
  std::vector<SocketAddress> candidates_;
  std::vector<rtp::MediaKind> receives_;
  std::vector<SlotReceiver> slots_;
  rtp::TransportFeedbackRecorder arrivals_;
  Instant report_at_ = kNever;
  bool headers_only_ = false;
  bool open_next_ = false;
  dtls::Role dtls_role_ = dtls::Role::kClient;
  bool heard_dtls_ = false;
  TransportReport report_;
};

}  // namespace visavis::testpeer
