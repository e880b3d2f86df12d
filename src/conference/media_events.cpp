#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "base/check.hpp"
#include "conference/core.hpp"
#include "conference/wire.hpp"

/// What the media worker says. An event may be about a peer or stream that has gone meanwhile.
namespace visavis::conference {
namespace {

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

void write_transport(json::Writer& to, const sfu::PeerReport& report) {
  to.begin_object().member("connected", report.connected);
  if (report.rtt) {
    to.member("rttMs", milliseconds(*report.rtt));
  }
  to.member("packetsReceived", report.packets_in).member("bytesReceived", report.bytes_in);
  to.member("packetsSent", report.packets_out).member("bytesSent", report.bytes_out);
  to.end_object();
}

void write_slot(json::Writer& to, const sfu::SlotReport& slot) {
  to.begin_object().member("slot", slot.slot.value()).member("packets", slot.packets);
  to.member("bytes", slot.bytes).member("fractionLost", slot.fraction_lost);
  to.member("retransmitted", slot.retransmissions).member("nacksReceived", slot.nacks);
  to.end_object();
}

void write_stream(json::Writer& to, std::string_view id, const sfu::StreamReport& stream) {
  to.begin_object().member("streamId", id).member("packets", stream.counters.packets);
  to.member("bytes", stream.counters.bytes).member("packetsLost", stream.lost);
  to.member("keyframes", stream.counters.keyframes).member("plisSent", stream.counters.plis);
  to.member("nacksSent", stream.counters.nacks).end_object();
}

}  // namespace

void CallService::Core::handle_event(Instant now, const sfu::Event& event) {
  server_.set_now(now);
  std::visit([this](const auto& of) { handle(of); }, event);
  settle();
}

void CallService::Core::handle(const sfu::PeerConnected& event) {
  if (Transport* const prepared = prepared_.find(event.peer)) {
    prepared->connected = true;
  }
  if (const Player* const player = player_of(event.peer)) {
    direct_.set_connected(player->direct);
  }
  Member* const member = member_of(event.peer);
  if (member == nullptr) {
    return;
  }
  if (!member->direct.empty()) {
    direct_.set_connected(member->direct);
  }
  member->transport->connected = true;
  member->slots.set_connected(true);
  set_connection(*member, std::nullopt, /*media_lost=*/false);
}

void CallService::Core::handle(const sfu::PeerSilent& event) {
  if (player_of(event.peer) != nullptr) {
    ++counters_.peers_silent;
    end_player(event.peer);
  }
  if (Member* const member = member_of(event.peer)) {
    ++counters_.peers_silent;
    if (const auto direct = direct_.find(member->direct)) {
      end_direct(*direct, /*lost=*/true);  // Nobody is there who could bring it back.
      return;
    }
    set_connection(*member, std::nullopt, /*media_lost=*/true);
  }
}

void CallService::Core::handle(const sfu::PeerFailed& event) {
  const Refusal failure{.code = ErrorCode::kMediaFailed, .message = std::string(event.reason)};
  if (prepared_.find(event.peer) != nullptr) {
    ++counters_.peers_failed;
    const std::string socket_id = prepared_.socket_of(event.peer);
    drop_prepared(socket_id);
    if (socketio::Socket* const socket = namespace_.find(socket_id)) {
      socket->emit("error", error_event(failure));
    }
  }
  if (player_of(event.peer) != nullptr) {
    ++counters_.peers_failed;
    end_player(event.peer);
  }
  if (Member* const member = member_of(event.peer)) {
    ++counters_.peers_failed;
    note(Notice::Kind::kMediaFailed, *member, event.reason);
    if (const auto direct = direct_.find(member->direct)) {
      end_direct(*direct, /*lost=*/true);
      return;
    }
    abandon_transport(*member);
    set_connection(*member, std::nullopt, /*media_lost=*/true);
    tell(*member, "error", error_event(failure));
  }
}

void CallService::Core::handle(const sfu::StreamActive& event) {
  const auto flow = flows_.find(call::FlowId(event.stream.value()));
  if (flow != flows_.end()) {
    flow->second.active = event.format;
    flow->second.asked.reset();
  }
}

void CallService::Core::handle(const sfu::SlotChanged& event) {
  Member* const member = member_of(event.peer);
  Player* const player = player_of(event.peer);
  if (member == nullptr && player == nullptr) {
    return;
  }
  ViewerSlots& slots = member == nullptr ? player->slots : member->slots;
  slots.handle_state(event.slot, event.state);
  if (member != nullptr) {
    tell_slots(*member);
  }
  const auto flow = slots.behind(event.slot);
  if (event.state == sfu::SlotState::kCodecUnsupported && flow) {
    request_codec(*flow);
  }
}

bool CallService::Core::suits_all(const rtp::Format& format, call::FlowId flow,
                                  const Member& publisher) {
  const auto suits = [&](const ViewerSlots& slots, const std::vector<rtp::Format>& can_show) {
    return !slots.shows(flow) || std::ranges::find(can_show, format) != can_show.end();
  };
  return std::ranges::all_of(room_of(publisher).participants(),
                             [&](const call::Participant& participant) {
                               const Member& viewer = members_.at(participant.key);
                               return !viewer.transport ||
                                      suits(viewer.slots, viewer.transport->negotiated.can_show);
                             }) &&
         std::ranges::all_of(publisher.players, [&](sfu::PeerId peer) {
           const Player& player = players_.at(peer);
           return suits(player.slots, player.can_show);
         });
}

/// Asks the publisher for a codec that all who view the stream can decode.
void CallService::Core::request_codec(call::FlowId flow_id) {
  const auto known = flows_.find(flow_id);
  if (known == flows_.end()) {
    return;
  }
  Flow& flow = known->second;
  const call::Room* const room = rooms_.find(flow.room);
  check(room != nullptr);
  const Member& publisher = members_.at(flow.publisher);
  const call::Stream& stream = *room->find(flow_id).stream;
  const bool video = call::is_video(stream.source);
  for (const sdp::OfferedCodec& codec : publisher.transport->negotiated.codecs) {
    const rtp::Format& format = codec.line.format;
    const auto& can_send = publisher.transport->negotiated.can_send;
    const bool right_kind = (rtp::kind_of(format.codec) == rtp::MediaKind::kVideo) == video;
    if (!right_kind || std::ranges::find(can_send, format) == can_send.end() ||
        format == flow.active || !suits_all(format, flow_id, publisher)) {
      continue;
    }
    if (flow.asked != format) {
      flow.asked = format;
      ++counters_.codec_requests;
      tell(publisher, "codec", codec_request(stream, codec));
    }
    return;
  }
}

void CallService::Core::handle(const sfu::SpeakersChanged& event) {
  call::Room* const room = rooms_.find(call::RoomKey(event.room.value()));
  if (room == nullptr) {
    return;
  }
  std::vector<call::FlowId> loudest;
  loudest.reserve(event.loudest_first.size());
  for (const sfu::StreamId stream : event.loudest_first) {
    loudest.emplace_back(stream.value());
  }
  room->set_loudest(std::move(loudest));
  namespace_.to(tag_of(room->key())).emit("speakers", speakers(*room));
  touch(room->key());
}

void CallService::Core::handle(const sfu::PeerReport& event) {
  Member* const member = member_of(event.peer);
  if (member == nullptr || !member->stats || member->stats->number != event.request) {
    return;
  }
  json::Writer to;
  to.begin_object().member("ok", true);
  write_transport(to.key("transport"), event);
  to.key("streams").begin_array();
  for (const sfu::StreamReport& stream : event.streams) {
    if (const auto known = label(stream.counters.stream)) {
      write_stream(to, known->stream, stream);
    }
  }
  to.end_array().key("slots").begin_array();
  for (const sfu::SlotReport& slot : event.slots) {
    write_slot(to, slot);
  }
  to.end_array().end_object();
  questions_.cancel(member->stats->deadline);
  member->stats->ack(std::move(to).take());
  member->stats.reset();
}

/// Asked for by whoever writes `/metrics`, who takes it before it comes here.
void CallService::Core::handle(const sfu::WorkerReport& /*event*/) {}

}  // namespace visavis::conference
