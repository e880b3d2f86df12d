#include "conference/direct.hpp"

#include <utility>

#include "base/check.hpp"
#include "base/utf8.hpp"
#include "conference/core.hpp"
#include "conference/names.hpp"

/// Clients without Socket.IO: who publish by one offer, or play a participant by one.
namespace visavis::conference {
namespace {

Refusal too_many(AddressQuota::Full full) {
  return full == AddressQuota::Full::kInAll
             ? Refusal{.code = ErrorCode::kTooManySessions,
                       .message = "The server has no room for another session."}
             : Refusal{.code = ErrorCode::kTooManySessionsFromAddress,
                       .message = "Too many sessions from this address."};
}

/// One picture and its sound at most: `negotiate_once` refuses more (RFC 9725 §4.4.2).
std::vector<PublishRequest> lines_of(const Transport& transport) {
  std::vector<PublishRequest> lines;
  for (const rtp::PublishLine& line : transport.negotiated.publish_lines) {
    const bool video = line.kind == rtp::MediaKind::kVideo;
    const auto source = video ? call::Source::kCamera : call::Source::kMicrophone;
    lines.push_back({.mid = line.mid, .source = source});
  }
  return lines;
}

/// The participant's pictures, the camera first. Without one: a tile that is only heard.
std::vector<call::Tile> tiles_of(const call::Participant& played) {
  constexpr std::uint32_t kWidth = 1920;  // A player does not say how large it shows.
  constexpr std::uint32_t kHeight = 1080;
  std::vector<call::Tile> tiles;
  const bool screen = played.find_source(call::Source::kScreen) != nullptr;
  if (!screen || played.find_source(call::Source::kCamera) != nullptr) {
    tiles.push_back({.participant = played.id, .width = kWidth, .height = kHeight});
  }
  if (screen) {
    tiles.push_back({.participant = played.id,
                     .source = call::Source::kScreen,
                     .width = kWidth,
                     .height = kHeight});
  }
  return tiles;
}

}  // namespace

CallService::Core::DirectReply CallService::Core::connect(Instant now, DirectRole role,
                                                          const DirectOffer& offer) {
  server_.set_now(now);
  auto reply = answer_direct(role, offer);
  if (!reply) {
    counters_.refuse(reply.error().code);
  }
  settle();
  return reply;
}

CallService::Core::DirectReply CallService::Core::answer_direct(DirectRole role,
                                                                const DirectOffer& offer) {
  if (const auto refusal = unavailable()) {
    return std::unexpected(*refusal);
  }
  const call::Limits& limits = options_.limits;
  if (!is_utf8(as_bytes(offer.room)) || !is_utf8(as_bytes(offer.name))) {
    return refuse(ErrorCode::kInvalidPayload, "Names of rooms and participants are UTF-8.");
  }
  for (const auto& refusal : {refuse_room_name(offer.room, limits), refuse_name(offer.name, limits),
                              refuse_offer_size(offer.offer, limits)}) {
    if (refusal) {
      return std::unexpected(*refusal);
    }
  }
  if (const auto full = direct_.full(offer.address)) {
    return std::unexpected(too_many(*full));
  }
  return role == DirectRole::kPublisher ? publish_direct(offer) : play_direct(offer);
}

CallService::Core::DirectReply CallService::Core::publish_direct(const DirectOffer& offer) {
  const call::Room* const room = rooms_.find(offer.room);
  if (room != nullptr && room->find_name(offer.name) != nullptr) {
    return refuse(ErrorCode::kNameTaken, "Somebody of this name is in the room.");
  }
  if (const auto refusal = room_refusal(offer.room)) {
    return std::unexpected(*refusal);
  }
  auto transport = negotiator_.negotiate_once(offer.offer, sdp::Purpose::kPublish);
  if (!transport) {
    return std::unexpected(transport.error());
  }
  const std::vector<PublishRequest> lines = lines_of(*transport);
  if (lines.empty()) {
    return refuse(ErrorCode::kNoMedia, "The offer has no line that sends audio or video.");
  }
  // From here on nothing is refused any more.
  ++counters_.direct_publishers;
  Member& member = admit({.room = offer.room, .name = offer.name, .offer = {}, .publish = {}});
  member.direct = direct_.add(
      server_.now(),
      {.role = DirectRole::kPublisher, .peer = transport->peer, .address = offer.address},
      entropy_);
  adopt(member, *std::move(transport), /*opened=*/false);
  introduce(member, lines);
  return DirectAnswer{.session = member.direct,
                      .answer = member.transport->negotiated.answer,
                      .ufrag = member.transport->local.ufrag};
}

CallService::Core::DirectReply CallService::Core::play_direct(const DirectOffer& offer) {
  const call::Room* const room = rooms_.find(offer.room);
  const call::Participant* const played = room == nullptr ? nullptr : room->find_name(offer.name);
  if (played == nullptr) {
    return refuse(ErrorCode::kNoSuchParticipant, "Nobody of this name is in the room.");
  }
  if (played->streams.empty()) {
    return refuse(ErrorCode::kNoSuchStream, "The participant publishes nothing.");
  }
  auto transport = negotiator_.negotiate_once(offer.offer, sdp::Purpose::kPlay);
  if (!transport) {
    return std::unexpected(transport.error());
  }
  if (transport->negotiated.slots.empty()) {
    return refuse(ErrorCode::kNoMedia, "The offer has no line that receives audio or video.");
  }
  // From here on nothing is refused any more.
  return open_player(members_.at(played->key), *std::move(transport), offer.address);
}

DirectAnswer CallService::Core::open_player(Member& publisher, Transport transport,
                                            const IpAddress& address) {
  ++counters_.direct_players;
  ++counters_.negotiations;
  const sfu::PeerId peer = transport.peer;
  commands_.push(sfu::OpenPeer{.setup = transport.setup(media_room(publisher.room))});
  Player player{
      .publisher = publisher.key,
      .direct = direct_.add(
          server_.now(), {.role = DirectRole::kPlayer, .peer = peer, .address = address}, entropy_),
      .can_show = std::move(transport.negotiated.can_show)};
  player.slots.open(transport.negotiated.slots);
  DirectAnswer answer{.session = player.direct,
                      .answer = std::move(transport.negotiated.answer),
                      .ufrag = transport.local.ufrag};
  publisher.players.push_back(peer);
  replan(peer, players_.emplace(peer, std::move(player)).first->second);
  return answer;
}

bool CallService::Core::hang_up(Instant now, DirectRole role, std::string_view secret) {
  server_.set_now(now);
  const auto session = direct_.find(secret);
  if (!session || session->role != role) {
    return false;
  }
  end_direct(*session, /*lost=*/false);
  settle();
  return true;
}

bool CallService::Core::has_session(DirectRole role, std::string_view secret) const {
  const auto session = direct_.find(secret);
  return session && session->role == role;
}

void CallService::Core::end_direct(const DirectSessions::Session& session, bool lost) {
  if (session.role == DirectRole::kPlayer) {
    end_player(session.peer);
    return;
  }
  Member* const member = member_of(session.peer);
  check(member != nullptr);
  ++(lost ? counters_.lost : counters_.leaves);
  remove(*member, lost);
}

void CallService::Core::end_player(sfu::PeerId peer) {
  const auto found = players_.find(peer);
  check(found != players_.end());
  direct_.remove(found->second.direct);
  std::erase(members_.at(found->second.publisher).players, peer);
  players_.erase(found);
  commands_.push(sfu::ClosePeer{.peer = peer});
}

/// Whom they play is gone.
void CallService::Core::end_players(Member& member) {
  for (const sfu::PeerId peer : std::exchange(member.players, {})) {
    end_player(peer);
  }
}

CallService::Core::Player* CallService::Core::player_of(sfu::PeerId peer) {
  const auto found = players_.find(peer);
  return found == players_.end() ? nullptr : &found->second;
}

void CallService::Core::replan(sfu::PeerId peer, Player& player) {
  const Member& publisher = members_.at(player.publisher);
  const call::Room& room = room_of(publisher);
  player.slots.set_view(tiles_of(self_of(publisher)));
  for (const auto& assignment : player.slots.replan(room, kNobody)) {
    if (assignment.flow) {
      // The answer to a request for a keyframe comes while ICE and DTLS still run.
      commands_.push(sfu::WarmStream{.stream = sfu::StreamId(assignment.flow->value())});
    }
    assign(peer, assignment);
  }
}

}  // namespace visavis::conference
