#pragma once

#include <cstdint>
#include <optional>

#include "base/hot_memory.hpp"
#include "base/prefetch.hpp"
#include "base/time.hpp"
#include "sfu/event.hpp"
#include "sfu/outlet.hpp"
#include "sfu/publisher.hpp"
#include "sfu/rate_meter.hpp"
#include "sfu/subscriber.hpp"
#include "sfu/woken_slots.hpp"

namespace visavis::sfu {

/// A peer as the router sees it: what it publishes, what it views, and how it is reached.
class alignas(kCacheLineBytes) RoutedPeer : public InHotMemory {
 public:
  RoutedPeer(const PeerSetup& setup, RouterParts& parts);

  /// The room may have become known; the router moves what hangs on it.
  void set_room(RoomId room) { room_ = room; }
  /// Nothing: it cannot be sent to (any more).
  void set_transport(Instant now, const std::optional<Transport>& transport);
  /// Until its reports tell: one who only publishes has nothing to report.
  void guess_round_trip(Duration round_trip);

  void count_rtp(Instant now, std::size_t bytes);
  /// A decrypted compound, which has lain unread for about `waited`.
  void handle_rtcp(Instant now, Bytes compound, Duration waited);
  /// Sends what there is and what is due. False: the outlet is full and more waits.
  [[nodiscard]] bool flush(const SendTime& time, Outlet& outlet);
  /// Hints for a `flush()` that comes soon: of this object, of what it points to, and of what that
  /// points to.
  void prefetch_self() const {
    prefetch_lines<kHotBytes>(*this);
    publisher_.prefetch_first();
  }
  void prefetch_first() const {
    woken.for_each([](const Slot& slot) { slot.prefetch_packet(); });
    subscriber_.prefetch_news();
    if (transport_.sealer != nullptr) {
      transport_.sealer->prefetch_state();
    }
  }
  void prefetch_second() const {
    if (transport_.sealer != nullptr) {
      transport_.sealer->prefetch_key();
    }
  }
  /// A hint for a `handle_rtcp()` that comes soon.
  void prefetch_feedback() const {
    prefetch_line(&id_);  // And what lies beside it.
    prefetch(subscriber_);
    publisher_.prefetch_first();
  }
  /// `kNever` while it cannot be sent to.
  [[nodiscard]] Instant next_timeout() const;

  [[nodiscard]] PeerId id() const { return id_; }
  [[nodiscard]] RoomId room() const { return room_; }
  [[nodiscard]] Publisher& publisher() { return publisher_; }
  [[nodiscard]] Subscriber& subscriber() { return subscriber_; }
  [[nodiscard]] PeerReport make_report(Instant now, std::uint64_t request) const;

  Instant booked = kNever;  ///< `Wakeups`' mark.
  WokenSlots woken;         ///< To be looked at by the next `flush()`.
  bool has_work = false;    ///< `WorkList`'s mark.

 private:
  [[nodiscard]] bool send_publisher_feedback(Instant now, Outlet& outlet);

  /// Up to the viewer's first numbers in `subscriber_`, with the marks above.
  static constexpr std::size_t kHotBytes = 4 * kCacheLineBytes;

  // What a packet to it touches comes first, in as few cache lines as it fits.
  bool reachable_ = false;
  PeerId id_;
  RouterParts& parts_;
  RateMeter rate_out_;
  Transport transport_;
  Subscriber subscriber_;
  Publisher publisher_;
  RoomId room_;
  std::uint64_t packets_in_ = 0;
  std::uint64_t bytes_in_ = 0;
  RateMeter rate_in_;
};

}  // namespace visavis::sfu
