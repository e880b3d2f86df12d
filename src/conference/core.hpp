#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/deadline_queue.hpp"
#include "base/token_bucket.hpp"
#include "call/room.hpp"
#include "conference/call_service.hpp"
#include "conference/command_queue.hpp"
#include "conference/direct_sessions.hpp"
#include "conference/prepared_transports.hpp"
#include "conference/refusal.hpp"
#include "conference/request.hpp"
#include "conference/transport.hpp"
#include "conference/viewer_slots.hpp"
#include "json/writer.hpp"
#include "socketio/ack.hpp"
#include "socketio/namespace.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

/// The inside of `CallService`. Its functions are in four files, by what drives them: requests of
/// clients (`joining.cpp`, `taking_part.cpp`), clients without a socket (`direct.cpp`) and events
/// of the media worker (`media_events.cpp`);
/// `core.cpp` has what they share, `call_service.cpp` the door.
namespace visavis::conference {

/// A participant's session: everything about it that the room need not know.
struct Member {
  using Place = DeadlineQueue<call::ParticipantKey>::Place;
  struct Question {
    std::uint64_t number = 0;
    socketio::Ack ack;
    Place deadline;
  };

  call::ParticipantKey key;
  call::RoomKey room;
  std::string id;
  std::string socket;  ///< Id; "" while it is lost, and for who has none (`direct`).
  std::string resume_token;
  std::string direct;  ///< The secret of who came without a socket.
  TokenBucket messages;
  std::unique_ptr<Transport> transport{};  ///< None: takes part without media (now).
  ViewerSlots slots{};
  std::optional<Place> expiry{};  ///< While the socket is lost.
  std::optional<Question> stats{};
  std::deque<json::Raw> missed{};  ///< Messages that came while the socket was lost.
  std::size_t missed_bytes = 0;
  std::vector<sfu::PeerId> players{};  ///< Who play this participant without being one.
};

/// What a socket is, kept at the socket.
struct SocketState {
  std::optional<call::ParticipantKey> member;
  TokenBucket requests{0};
};

class CallService::Core {
 public:
  Core(socketio::Server& server, Options options, Entropy& entropy);

  using DirectReply = std::expected<DirectAnswer, Refusal>;

  void handle_event(Instant now, const sfu::Event& event);
  [[nodiscard]] DirectReply connect(Instant now, DirectRole role, const DirectOffer& offer);
  [[nodiscard]] bool hang_up(Instant now, DirectRole role, std::string_view secret);
  [[nodiscard]] bool has_session(DirectRole role, std::string_view secret) const;
  void handle_timeout(Instant now);
  [[nodiscard]] Instant next_timeout() const;
  [[nodiscard]] std::optional<sfu::Command> poll_command() { return commands_.poll(); }
  [[nodiscard]] std::optional<Notice> poll_notice();
  void shut_down(Instant now);
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] Gauges gauges() const;
  [[nodiscard]] std::optional<StreamLabel> label(sfu::StreamId stream) const;

 private:
  struct Request {
    socketio::Socket& socket;
    json::Value payload;
    socketio::Ack& ack;
  };
  /// The ack's object; none when it is given later.
  using Reply = std::expected<std::optional<json::Raw>, Refusal>;
  using Handler = Reply (Core::*)(Request&);

  struct Flow {
    call::RoomKey room;
    call::ParticipantKey publisher;
    std::optional<rtp::Format> active{};  ///< What the publisher sends.
    std::optional<rtp::Format> asked{};   ///< What it was last asked to send.
  };

  /// Who plays one participant, in no room. Small, for there may be thousands.
  struct Player {
    call::ParticipantKey publisher;
    std::string direct;  ///< The secret.
    std::vector<rtp::Format> can_show;
    ViewerSlots slots{call::Voices::kTilesOnly};
  };
  /// Hears and sees as one who is not in the room.
  static constexpr call::ParticipantKey kNobody{};

  // The door (call_service.cpp).
  void greet(socketio::Socket& socket);
  void handle_request(socketio::Socket& socket, std::string_view name, Handler handler,
                      const socketio::Arguments& arguments, socketio::Ack ack);
  [[nodiscard]] Reply answer(Request& request, Handler handler,
                             const socketio::Arguments& arguments);
  void refuse_request(socketio::Socket& socket, std::string_view name, const Refusal& refusal,
                      socketio::Ack& ack);
  [[nodiscard]] std::optional<Refusal> unavailable();

  // Coming and going (joining.cpp).
  Reply prepare(Request& request);
  Reply join(Request& request);
  Reply resume(Request& request);
  Reply leave(Request& request);
  [[nodiscard]] std::expected<std::unique_ptr<Transport>, Refusal> transport_for(
      const Request& request, const JoinRequest& join);
  [[nodiscard]] std::optional<Refusal> room_refusal(std::string_view room) const;
  Member& admit(const JoinRequest& join);
  void introduce(Member& member, const std::vector<PublishRequest>& lines);
  void take_over(Member& member, socketio::Socket& socket);
  void handle_disconnect(socketio::Socket& socket, socketio::DisconnectReason reason);
  void evict(Member& member);
  /// The one that is lost the longest, if its time is over; false when there is none.
  bool remove_lost(Instant now);
  void remove(Member& member, bool lost);
  void drop_prepared(std::string_view socket);
  [[nodiscard]] json::Raw snapshot(Member& member, bool with_answer);
  void warm(std::string_view room, std::string_view except);

  // Taking part (taking_part.cpp).
  template <class Value>
  struct Asked {
    Member* member;
    Value what;
  };
  /// How every request of a participant begins: the payload as it was read, and who asks.
  template <class Value>
  [[nodiscard]] std::expected<Asked<Value>, Refusal> asked_by_member(const Request& request,
                                                                     Parsed<Value> parsed) {
    if (!parsed) {
      return std::unexpected(parsed.error());
    }
    Member* const member = member_of(request.socket);
    if (member == nullptr) {
      return std::unexpected(not_joined());
    }
    return Asked<Value>{.member = member, .what = *std::move(parsed)};
  }
  [[nodiscard]] static Refusal not_joined() {
    return {.code = ErrorCode::kNotJoined, .message = "Join a room first."};
  }
  bool keep_message(Member& member, const json::Raw& message);
  Reply publish(Request& request);
  Reply unpublish(Request& request);
  Reply mute(Request& request);
  Reply update(Request& request);
  Reply view(Request& request);
  Reply renegotiate(Request& request);
  Reply message(Request& request);
  Reply stats(Request& request);

  // Clients without a socket (direct.cpp).
  [[nodiscard]] DirectReply answer_direct(DirectRole role, const DirectOffer& offer);
  [[nodiscard]] DirectReply publish_direct(const DirectOffer& offer);
  [[nodiscard]] DirectReply play_direct(const DirectOffer& offer);
  [[nodiscard]] DirectAnswer open_player(Member& publisher, Transport transport,
                                         const IpAddress& address);
  void end_direct(const DirectSessions::Session& session, bool lost);
  void end_player(sfu::PeerId peer);
  void end_players(Member& member);
  [[nodiscard]] Player* player_of(sfu::PeerId peer);
  void replan(sfu::PeerId peer, Player& player);

  // What the worker says (media_events.cpp).
  void handle(const sfu::PeerConnected& event);
  void handle(const sfu::PeerSilent& event);
  void handle(const sfu::PeerFailed& event);
  void handle(const sfu::StreamActive& event);
  void handle(const sfu::SlotChanged& event);
  void handle(const sfu::SpeakersChanged& event);
  void handle(const sfu::PeerReport& event);
  void handle(const sfu::WorkerReport& event);
  void request_codec(call::FlowId flow_id);
  [[nodiscard]] bool suits_all(const rtp::Format& format, call::FlowId flow,
                               const Member& publisher);

  // Shared (core.cpp).
  [[nodiscard]] Member* member_of(socketio::Socket& socket);
  [[nodiscard]] Member* member_of(sfu::PeerId peer);
  [[nodiscard]] call::Room& room_of(const Member& member);
  [[nodiscard]] call::Participant& self_of(const Member& member);
  [[nodiscard]] static std::optional<Refusal> check_lines(const std::vector<PublishRequest>& lines,
                                                          const Transport* transport);
  void adopt(Member& member, Transport transport, bool opened);
  void abandon_transport(Member& member);
  void republish(Member& member, const std::optional<std::vector<PublishRequest>>& lines);
  call::Stream& add_stream(Member& member, const PublishRequest& line);
  void remove_stream(Member& member, const std::string& stream);
  void open_flow(Member& member, call::Stream& stream);
  void close_flow(call::Stream& stream);
  /// What is given changes; the others are told when the participant looks different afterwards.
  void set_connection(Member& member, std::optional<bool> socket_lost,
                      std::optional<bool> media_lost);

  void note(Notice::Kind kind, const Member& member, std::string_view reason = "");

  [[nodiscard]] static sfu::RoomId media_room(call::RoomKey room) {
    return sfu::RoomId(room.value());
  }
  [[nodiscard]] static std::string tag_of(call::RoomKey room);
  void tell(const Member& member, std::string_view event, const json::Raw& payload);
  void tell_others(const Member& member, std::string_view event, const json::Raw& payload);
  void assign(sfu::PeerId peer, const ViewerSlots::Assignment& assignment);
  void replan(Member& member);
  void tell_slots(Member& member);
  /// Everyone in it is planned for anew once the request or event is dealt with.
  void touch(call::RoomKey room) { touched_.insert(room); }
  /// The same for those who play this participant: something about its streams is different.
  void touch_players(const Member& member) {
    if (!member.players.empty()) {
      touched_publishers_.insert(member.key);
    }
  }
  void settle();

  socketio::Server& server_;
  socketio::Namespace& namespace_;
  Options options_;
  Entropy& entropy_;
  json::Raw welcome_;
  bool shut_down_ = false;

  CommandQueue commands_;
  Negotiator negotiator_;
  PreparedTransports prepared_;
  DirectSessions direct_;
  call::Rooms rooms_;
  std::uint64_t last_participant_ = 0;
  std::uint64_t last_flow_ = 0;
  std::uint64_t last_question_ = 0;
  std::unordered_map<call::ParticipantKey, Member> members_;
  std::unordered_map<std::string, call::ParticipantKey> by_token_;
  std::unordered_map<sfu::PeerId, call::ParticipantKey> by_peer_;
  std::unordered_map<call::FlowId, Flow> flows_;
  std::unordered_map<sfu::PeerId, Player> players_;
  std::set<call::ParticipantKey> resumed_;  // And have not been told yet what they missed.
  std::set<call::RoomKey> touched_;
  std::set<call::ParticipantKey> touched_publishers_;
  DeadlineQueue<call::ParticipantKey> lost_;
  DeadlineQueue<call::ParticipantKey> questions_;
  std::deque<Notice> notices_;
  Counters counters_;
};

}  // namespace visavis::conference
