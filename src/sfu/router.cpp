#include "sfu/router.hpp"

#include <algorithm>

#include "rtp/header_extensions.hpp"

namespace visavis::sfu {

Router::Router(const RouterLimits& limits)
    : limits_(limits), parts_(limits.logs_bytes_max, limits.events_max) {}

Router::~Router() = default;

RoutedPeer* Router::open_peer(Instant now, const PeerSetup& setup) {
  if (peers_.size() >= limits_.peers_max) {
    parts_.counters.refuse(RefusalReason::kTooManyPeers);
    return nullptr;
  }
  const auto [at, added] = peers_.try_emplace(setup.peer);
  if (!added) {
    parts_.counters.refuse(RefusalReason::kDuplicatePeer);
    return nullptr;
  }
  at->second = std::make_unique<RoutedPeer>(setup, parts_);
  update_peer(now, setup);
  return at->second.get();
}

void Router::update_peer(Instant now, const PeerSetup& setup) {
  RoutedPeer* peer = find(setup.peer);
  if (peer == nullptr) {
    parts_.counters.refuse(RefusalReason::kUnknownPeer);
    return;
  }
  peer->publisher().update(setup);
  peer->subscriber().update(now, setup, limits_.slots_per_peer_max);
  if (setup.room != peer->room()) {
    for (Stream* stream : peer->publisher().streams()) {
      leave_room(peer->room(), *stream);
      join_room(now, setup.room, *stream);
    }
    peer->set_room(setup.room);
  }
  parts_.work.mark(*peer);
}

void Router::close_peer(Instant now, PeerId id) {
  const auto at = peers_.find(id);
  if (at == peers_.end()) {
    parts_.counters.refuse(RefusalReason::kUnknownPeer);
    return;
  }
  for (Stream* stream : at->second->publisher().streams()) {
    remove_stream(now, *stream);
  }
  parts_.work.forget(*at->second);
  peers_.erase(at);
}

void Router::open_stream(Instant now, const OpenStream& command) {
  RoutedPeer* peer = find(command.publisher);
  if (peer == nullptr) {
    parts_.counters.refuse(RefusalReason::kUnknownPeer);
    return;
  }
  const rtp::PublishLine* line = peer->publisher().find_line(command.mid);
  if (line == nullptr) {
    parts_.counters.refuse(RefusalReason::kUnknownMid);
    return;
  }
  if (parts_.streams.find(command.stream) != nullptr || peer->publisher().has_stream(command.mid)) {
    parts_.counters.refuse(RefusalReason::kDuplicateStream);
    return;
  }
  if (peer->publisher().streams().size() >= limits_.streams_per_peer_max) {
    parts_.counters.refuse(RefusalReason::kTooManyStreams);
    return;
  }
  const Stream::Identity identity{.id = command.stream,
                                  .ref = parts_.streams.place_for_next(),
                                  .kind = line->kind,
                                  .publisher = peer,
                                  .publisher_id = command.publisher};
  Stream& stream =
      parts_.streams.add(std::make_unique<Stream>(identity, parts_, limits_.log_bytes_max));
  peer->publisher().attach(stream, command.mid);
  join_room(now, peer->room(), stream);
}

void Router::close_stream(Instant now, StreamId id) {
  Stream* stream = parts_.streams.find(id);
  if (stream == nullptr) {
    parts_.counters.refuse(RefusalReason::kUnknownStream);
    return;
  }
  remove_stream(now, *stream);
}

void Router::set_muted(const SetStreamMuted& command) {
  if (Stream* stream = parts_.streams.find(command.stream)) {
    stream->set_muted(command.muted);
  } else {
    parts_.counters.refuse(RefusalReason::kUnknownStream);
  }
}

void Router::assign_slot(Instant now, const AssignSlot& command) {
  RoutedPeer* peer = find(command.peer);
  Slot* slot = peer == nullptr ? nullptr : peer->subscriber().find(command.slot);
  if (slot == nullptr) {
    parts_.counters.refuse(peer == nullptr ? RefusalReason::kUnknownPeer
                                           : RefusalReason::kUnknownSlot);
    return;
  }
  Stream* stream = command.stream ? parts_.streams.find(*command.stream) : nullptr;
  if (command.stream && stream == nullptr) {
    parts_.counters.refuse(RefusalReason::kUnknownStream);
  } else if (stream != nullptr && stream->kind() != slot->line().kind) {
    parts_.counters.refuse(RefusalReason::kWrongKind);
    stream = nullptr;
  }
  slot->assign(now, stream);  // What cannot be shown must not leave the old one standing.
}

void Router::warm_stream(Instant now, StreamId id) {
  if (Stream* stream = parts_.streams.find(id)) {
    stream->warm(now);
  } else {
    parts_.counters.refuse(RefusalReason::kUnknownStream);
  }
}

void Router::handle_rtp(Instant now, RoutedPeer& peer, MutableBytes packet) {
  peer.count_rtp(now, packet.size());
  peer.publisher().handle_rtp(now, packet);
  parts_.work.mark(peer);  // Its deadlines have moved.
}

void Router::handle_timeout(Instant now) {
  while (const auto id = wakeups_.poll_due(now)) {
    if (RoutedPeer* peer = find(*id)) {
      peer->booked = kNever;
      peer->publisher().drop_old(now);
      parts_.work.mark(*peer);
    }
  }
  if (now >= rank_at_) {
    rank_speakers(now);
  }
}

bool Router::flush(Instant now, Outlet& outlet) {
  wake_readers();
  const SendTime time{.now = now, .abs_send_time = rtp::abs_send_time(now)};
  while (RoutedPeer* peer = parts_.work.take_peer()) {
    if (!peer->flush(time, outlet)) {
      parts_.work.put_back(*peer);
      return true;
    }
    wakeups_.book(peer->id(), peer->next_timeout(), peer->booked);
  }
  return false;
}

Instant Router::next_timeout() const {
  return parts_.work.empty() ? std::min(wakeups_.next(), rank_at_) : Instant{};
}

RoutedPeer* Router::find(PeerId peer) const {
  const auto at = peers_.find(peer);
  return at == peers_.end() ? nullptr : at->second.get();
}

// Once per wake-up and stream, however many packets came: its viewers look for themselves.
void Router::wake_readers() {
  constexpr std::size_t kAhead = 8;
  while (Stream* stream = parts_.work.take_stream()) {
    const std::vector<Reader>& readers = stream->readers();
    for (std::size_t at = 0; at < readers.size(); ++at) {
      if (at + kAhead < readers.size()) {
        prefetch_line(readers[at + kAhead].viewer);
      }
      readers[at].viewer->woken.add(*readers[at].slot);
      parts_.work.mark(*readers[at].viewer);
    }
  }
}

void Router::rank_speakers(Instant now) {
  rank_at_ = rooms_.empty() ? kNever : now + RoomSpeakers::kInterval;
  for (auto& [room, speakers] : rooms_) {
    if (auto order = speakers.rank(now)) {
      parts_.events.push(SpeakersChanged{.room = room, .loudest_first = std::move(*order)});
    }
  }
}

void Router::join_room(Instant now, RoomId room, Stream& stream) {
  if (stream.kind() == rtp::MediaKind::kAudio) {
    rooms_[room].add(stream.voice());
    rank_at_ = std::min(rank_at_, now + RoomSpeakers::kInterval);
  }
}

void Router::leave_room(RoomId room, Stream& stream) {
  const auto at = rooms_.find(room);
  if (at == rooms_.end()) {
    return;
  }
  at->second.remove(stream.voice());
  if (at->second.empty()) {
    rooms_.erase(at);
  }
}

void Router::remove_stream(Instant now, Stream& stream) {
  const std::vector<Reader> readers = stream.readers();
  for (const Reader& reader : readers) {
    reader.slot->assign(now, nullptr);
  }
  leave_room(stream.publisher()->room(), stream);
  stream.publisher()->publisher().detach(stream);
  parts_.work.forget(stream);
  parts_.streams.remove(stream.id());
}

void Router::report_peer(Instant now, const ReportPeer& command) {
  const RoutedPeer* peer = find(command.peer);
  if (peer == nullptr) {
    PeerReport report;
    report.peer = command.peer;
    report.request = command.request;
    parts_.events.push(std::move(report));
    return;
  }
  parts_.events.push(peer->make_report(now, command.request));
}

void Router::report_worker(std::uint64_t request) {
  WorkerReport report;
  report.request = request;
  report.counters = parts_.counters;
  report.peers = peers_.size();
  report.log_bytes = parts_.pool.bytes_taken();
  parts_.streams.for_each(
      [&report](const Stream& stream) { report.streams.push_back(stream.counters()); });
  parts_.events.push(std::move(report));
}

}  // namespace visavis::sfu
