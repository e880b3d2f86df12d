#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "sfu/command.hpp"
#include "sfu/outlet.hpp"
#include "sfu/routed_peer.hpp"
#include "sfu/router_limits.hpp"
#include "sfu/router_parts.hpp"
#include "sfu/speakers.hpp"
#include "sfu/wakeups.hpp"

namespace visavis::sfu {

/// The media of a worker's peers without their transports: opened packets in, packets out through
/// an outlet that seals them (or does not, in tests).
///
/// Per wake-up any number of calls, then `flush()` until it returns false. A `RoutedPeer` stays
/// where it is until `close_peer()`.
class Router {
 public:
  explicit Router(const RouterLimits& limits);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  /// Null: refused, and counted why.
  RoutedPeer* open_peer(Instant now, const PeerSetup& setup);
  void update_peer(Instant now, const PeerSetup& setup);
  void close_peer(Instant now, PeerId id);
  void open_stream(Instant now, const OpenStream& command);
  void close_stream(Instant now, StreamId id);
  void set_muted(const SetStreamMuted& command);
  void assign_slot(Instant now, const AssignSlot& command);
  void warm_stream(Instant now, StreamId id);
  void report_peer(Instant now, const ReportPeer& command);
  void report_worker(std::uint64_t request);

  void handle_rtp(Instant now, RoutedPeer& peer, MutableBytes packet);
  void handle_timeout(Instant now);
  /// Writes what is to leave, grouped by receiver. True: the outlet is full and more waits.
  [[nodiscard]] bool flush(Instant now, Outlet& outlet);
  [[nodiscard]] Instant next_timeout() const;

  [[nodiscard]] RoutedPeer* find(PeerId peer) const;
  [[nodiscard]] Counters& counters() { return parts_.counters; }
  [[nodiscard]] const Counters& counters() const { return parts_.counters; }
  [[nodiscard]] EventQueue& events() { return parts_.events; }

 private:
  void wake_readers();
  void rank_speakers(Instant now);
  void join_room(Instant now, RoomId room, Stream& stream);
  void leave_room(RoomId room, Stream& stream);
  void remove_stream(Instant now, Stream& stream);

  RouterLimits limits_;
  RouterParts parts_;  ///< Outlives the peers, whose slots leave their streams.
  std::unordered_map<PeerId, std::unique_ptr<RoutedPeer>> peers_;
  std::unordered_map<RoomId, RoomSpeakers> rooms_;  ///< Those with audio.
  Wakeups<PeerId> wakeups_;
  Instant rank_at_ = kNever;
};

}  // namespace visavis::sfu
