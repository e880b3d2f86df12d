#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/time.hpp"
#include "base/token_bucket.hpp"
#include "rtp/rtcp.hpp"
#include "sfu/command.hpp"
#include "sfu/outlet.hpp"
#include "sfu/slot.hpp"

namespace visavis::sfu {

/// A peer as a viewer: its slots, and how much may leave to it at once.
///
/// subscriber.cpp: what is sent in which order. viewer_feedback.cpp: what the viewer's RTCP does.
/// sender_reports.cpp: the time lines it is told.
class Subscriber {
 public:
  /// A burst (a cached run of up to 1 MB) leaves in ticks of this many packets: 300 Mbit/s, and a
  /// third of what a socket of the usual size holds. Audio does not count.
  static constexpr std::uint32_t kTickPackets = 32;
  static constexpr Duration kTick = std::chrono::milliseconds(1);

  enum class Progress : std::uint8_t {
    kDone,   ///< Everything there was has been sent.
    kPaced,  ///< The rest at `next_timeout()`.
    kFull,   ///< The outlet is full: call again.
  };

  Subscriber(RoutedPeer& owner, PeerId peer, RouterParts& parts);

  /// New slots are added, known ones stay; beyond `slots_max` they are refused.
  void update(Instant now, const PeerSetup& setup, std::size_t slots_max);
  /// Whether the viewer can be sent to.
  void set_ready(Instant now, bool ready);
  [[nodiscard]] Slot* find(SlotIndex index) const;
  [[nodiscard]] const std::vector<std::unique_ptr<Slot>>& slots() const { return slots_; }
  [[nodiscard]] const Viewer& viewer() const { return viewer_; }

  /// A hint for a `send()` that comes soon.
  void prefetch_news() const {
    if (!viewer_.news.empty()) {
      viewer_.news.front()->prefetch_packet();
    }
    prefetch_line(static_cast<const void*>(viewer_.news.data()));
  }

  [[nodiscard]] Progress send(const SendTime& time, Outlet& outlet);
  /// Sends the sender reports that are due; false when the outlet was too full for all of them.
  [[nodiscard]] bool send_reports(Instant now, Outlet& outlet);
  [[nodiscard]] Instant next_timeout() const;

  void guess_round_trip(Duration round_trip);
  /// `waited`: how long they have lain unread.
  void handle_reports(Instant now, Duration waited, const rtp::ReportBlocks& blocks);
  void handle_nack(Instant now, const rtp::Nack& nack);
  void handle_pli(Instant now, const rtp::Pli& pli);
  void handle_fir(Instant now, const rtp::Fir& fir);

 private:
  /// What a viewer's RTCP may have looked up, over all slots. Sequence numbers that it NACKs are
  /// the most: several thousand after an outage, and one datagram can ask for as many. The others
  /// are reports' blocks, PLIs and FIR's entries, a hundred in a datagram, and each is looked for
  /// among all slots.
  static constexpr double kAskedPerSecond = 20'000;
  static constexpr double kAskedAtOnce = 5'000;
  /// Packets of one slot before the next has its turn.
  static constexpr std::size_t kTurnPackets = 8;

  [[nodiscard]] Slot* find_by_ssrc(rtp::Ssrc ssrc) const;
  void handle_wish(Instant now, rtp::Ssrc media);
  [[nodiscard]] bool send_audio(const SendTime& time, Outlet& outlet);
  [[nodiscard]] bool send_repairs(const SendTime& time, Outlet& outlet);
  [[nodiscard]] bool send_video(const SendTime& time, Outlet& outlet);
  [[nodiscard]] bool take_turn(Slot& slot, const SendTime& time, Outlet& outlet);
  void take_news(Slot& slot);
  void gather_news();
  void forget_idle();

  // What sending touches comes first, the viewer's own first numbers included.
  Instant tick_at_ = Instant::min();  ///< When the present tick began.
  std::uint32_t tick_left_ = 0;
  bool paced_ = false;
  Viewer viewer_;
  RouterParts& parts_;
  std::vector<std::unique_ptr<Slot>> slots_;
  TokenBucket asked_{kAskedPerSecond, kAskedAtOnce};
};

}  // namespace visavis::sfu
