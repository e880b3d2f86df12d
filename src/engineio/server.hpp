#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"
#include "base/callback.hpp"
#include "base/deadline_queue.hpp"
#include "base/entropy.hpp"
#include "base/linked_deadlines.hpp"
#include "base/place_table.hpp"
#include "base/pointer_set.hpp"
#include "base/strong.hpp"
#include "base/time.hpp"
#include "engineio/client_files.hpp"
#include "engineio/hooks.hpp"
#include "engineio/message.hpp"
#include "engineio/options.hpp"
#include "engineio/packet.hpp"
#include "http/content_coding.hpp"
#include "http/server.hpp"
#include "websocket/deflate.hpp"
#include "websocket/message_reader.hpp"

namespace visavis::engineio {

/// A session, while it lives and after; never reused.
using SessionHandle = Strong<struct SessionHandleMeaning, std::uint64_t>;

enum class CloseReason : std::uint8_t {
  kTransportError,
  kTransportClose,
  kForcedClose,
  kPingTimeout,
  kParseError,
  kServerShuttingDown,
};
/// In the words of Node's server: "transport error", "transport close", "forced close", "ping
/// timeout", "parse error", "server shutting down".
[[nodiscard]] std::string_view to_string(CloseReason reason);

/// How a session began.
struct Handshake {
  std::string sid;
  std::string url;  ///< the first request's target as it came: path and query
  http::Headers headers;
  Instant issued;
  std::string_view transport;  ///< "polling" or "websocket", as the session began
  SocketAddress remote;
  bool secure = false;        ///< it came over TLS
  std::uint8_t revision = 4;  ///< of the protocol; 3 only with `Options::allow_eio3`

  /// What follows '?' in the `url`; nothing is percent-decoded.
  [[nodiscard]] std::string_view query() const {
    const std::size_t mark = url.find('?');
    return mark == std::string::npos ? std::string_view() : std::string_view(url).substr(mark + 1);
  }
};

struct SendOptions {
  bool volatile_message = false;  ///< dropped when the transport is not writable now
  bool compress = true;           ///< where permessage-deflate was agreed on
};

/// What a session's owner hears. Each may call anything of the server.
struct Handlers {
  Callback<void(Instant, SessionHandle, const Handshake&)> open;
  /// The bytes are lent for the call; text is valid UTF-8 and has lost its packet type.
  Callback<void(Instant, SessionHandle, bool binary, Bytes)> message;
  /// Once for each session that was opened; the handle is unknown afterwards.
  Callback<void(Instant, SessionHandle, CloseReason)> close;
  /// What had to wait has left for the transport.
  Callback<void(Instant, SessionHandle)> drain = {};
  /// More than `Options::high_water_bytes` wait; so many now. Once until the next drain, and never
  /// from within `send`: the next `handle_timeout`, due at once, tells it.
  Callback<void(Instant, SessionHandle, std::size_t bytes)> high_water = {};
};

/// An Engine.IO server (protocol revision 4, and 3 where `Options::allow_eio3` says so) on an
/// `http::Server`: sessions over HTTP long-polling, WebSocket, and the upgrade from one to the
/// other.
///
/// It registers its path there and is driven by it; its own timers are `handle_timeout` and
/// `next_timeout`. What it sends comes out of the HTTP server's `poll_output`. The HTTP server and
/// the entropy outlive it and are not driven any more once it is destroyed. Time must not go back.
class Server {
 public:
  Server(http::Server& http, Options options, Entropy& entropy);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  void set_handlers(Handlers handlers);
  void set_hooks(Hooks hooks) { hooks_ = std::move(hooks); }
  /// Middlewares see a request in the order in which they were added, after CORS and before all
  /// checks.
  void use(Middleware middleware) { middlewares_.push_back(std::move(middleware)); }

  /// Answers GET of these names under the path, after CORS and before the middlewares.
  void serve_client(ClientFiles files) { client_files_ = std::move(files); }

  /// Unknown (closed) sessions are ignored. Calls no handler: a session that overflows is closed by
  /// the next `handle_timeout`, which is due at once then.
  void send(Instant now, SessionHandle handle, SharedMessage message, SendOptions options = {});
  /// What is buffered leaves first where the transport allows it. `Handlers::close` is called
  /// before this returns.
  void close(Instant now, SessionHandle handle, CloseReason reason);

  /// Whether a message would leave at once; false for an unknown session.
  [[nodiscard]] bool writable(SessionHandle handle) const;
  /// Queued here and unsent in the connection.
  [[nodiscard]] std::size_t buffered_bytes(SessionHandle handle) const;
  /// "polling" or "websocket" now; empty for an unknown session.
  [[nodiscard]] std::string_view transport(SessionHandle handle) const;
  /// Null for an unknown session; valid while it lives.
  [[nodiscard]] const Handshake* handshake(SessionHandle handle) const;
  /// The same, to be kept: it holds all the request's headers, so it is there once.
  [[nodiscard]] std::shared_ptr<const Handshake> shared_handshake(SessionHandle handle) const;
  [[nodiscard]] std::size_t sessions() const { return sessions_.size(); }

  void handle_timeout(Instant now);
  [[nodiscard]] Instant next_timeout() const;
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] const Options& options() const { return options_; }
  /// Refuses new sessions and closes those there are (server shutting down), evenly over `window`:
  /// their clients come back elsewhere, and not all at once. Again with a shorter one to hurry up.
  void shut_down(Instant now, Duration window = {});

 private:
  friend class Decision;
  struct Session;
  struct Query;
  struct Exchange;
  struct Pending;
  struct Refusal;
  class WebSocket;
  /// What a request waits for.
  enum class Stage : std::uint8_t { kCors, kMiddleware, kAllow, kId };

  [[nodiscard]] Session* find(SessionHandle handle) const;
  [[nodiscard]] Session* find_sid(std::string_view sid) const;

  // A request's way to its session (admission.cpp).
  void handle_request(Instant now, http::RequestId id, http::Request request);
  void apply_cors(Instant now, Exchange& exchange, const CorsOrigin& rule);
  void run_middleware(Instant now, Exchange& exchange, std::size_t index);
  [[nodiscard]] bool answer_with_file(Instant now, Exchange& exchange);
  void check_request(Instant now, Exchange& exchange);
  void admit(Instant now, Exchange& exchange);
  void open_session(Instant now, Exchange& exchange, std::string sid);
  [[nodiscard]] Pending* park(Instant now, Exchange& exchange, Stage stage, std::size_t index);
  void leave(Instant now, std::uint64_t number);
  void forget(std::uint64_t number);
  void settle(Instant now, std::uint64_t number, Decision::Outcome outcome);
  void resume(Instant now, std::uint64_t number);
  void go_on(Instant now, Pending& pending, Decision::Pass pass);
  void refuse_by_hook(Instant now, Pending& pending, const std::string& message);
  [[nodiscard]] bool has_room(Instant now, Exchange& exchange);
  [[nodiscard]] bool has_room_for_address(Instant now, Exchange& exchange);
  [[nodiscard]] bool origin_may_upgrade(const Exchange& exchange) const;
  void give_up_decisions(Instant now);

  /// Tells of a request whether its session is another shard's; empty without shards.
  [[nodiscard]] Callback<std::optional<std::size_t>(const http::Request&)> elsewhere() const;

  // Requests (requests.cpp).
  void handle_head(Instant now, http::RequestId id, const http::Request& head);
  [[nodiscard]] std::expected<Session*, Refusal> verify(const Query& query,
                                                        const http::Request& request,
                                                        bool upgrade) const;
  [[nodiscard]] static std::vector<ConnectionError::Detail> misfit_of(const Query& query,
                                                                      const Session& session,
                                                                      bool upgrade,
                                                                      unsigned revision);
  void refuse(Instant now, Exchange& exchange, const Refusal& refusal);
  void respond(Instant now, Exchange& exchange, http::Response response);
  void add_hook_headers(Exchange& exchange, bool initial);
  [[nodiscard]] bool add_session_headers(Instant now, Exchange& exchange, const Session& session);
  void open_polling(Instant now, Exchange& exchange, std::string sid);
  void handle_poll(Instant now, Exchange& exchange, Session& session);
  void handle_post(Instant now, Exchange& exchange, Session& session);
  [[nodiscard]] std::optional<http::Coding> poll_coding(const http::Request& request) const;
  enum class Reading : std::uint8_t { kGoesOn, kOver, kFailed };
  [[nodiscard]] bool read_payload(Instant now, Session& session, std::string_view payload);
  [[nodiscard]] bool read_revision3(Instant now, Session& session, Bytes payload, bool binary);
  [[nodiscard]] Reading take_packet(Instant now, SessionHandle handle,
                                    const std::optional<Packet>& packet);
  struct Payload {
    Buffer bytes;
    bool binary = false;
    bool compress = false;  ///< one of its packets wants it
  };
  [[nodiscard]] static Payload payload_of(const Session& session, std::string_view last_packet);
  [[nodiscard]] static Payload payload_of_revision3(const Session& session,
                                                    std::string_view last_packet);
  [[nodiscard]] unsigned revision_of(const Query& query) const;
  void answer_poll(Instant now, Session& session, std::string_view last_packet = {});

  // The way to WebSocket (upgrade.cpp).
  void open_websocket(Instant now, Exchange& exchange, std::string sid);
  void handle_upgrade(Instant now, Exchange& exchange, Session& session);
  void refuse_upgrade(Instant now, http::RequestId id, std::string_view text,
                      unsigned status = 400);
  [[nodiscard]] WebSocket* accept(Instant now, Exchange& exchange, Bytes first = {});
  void begin_probe(Instant now, Session& session, WebSocket& socket);
  void handle_probe_text(Instant now, Session& session, std::string_view text);
  void complete_upgrade(Instant now, Session& session);
  void fail_upgrade(Instant now, Session& session);

  // What sockets tell.
  void handle_socket_message(Instant now, WebSocket& socket, bool binary, Bytes payload);
  [[nodiscard]] std::optional<Packet> read_frame(unsigned revision, bool binary, Bytes payload);
  void handle_socket_gone(Instant now, WebSocket& socket, CloseReason reason);
  void handle_socket_drained(Instant now, WebSocket& socket);

  // Sessions (server.cpp).
  [[nodiscard]] Session& add_session(Instant now, Exchange& exchange, std::string sid);
  [[nodiscard]] std::string open_packet(std::string_view sid) const;
  [[nodiscard]] Buffer open_frame(std::string_view sid) const;
  void tell_open(Instant now, const Session& session);
  [[nodiscard]] bool handle_packet(Instant now, Session& session, const Packet& packet);
  [[nodiscard]] bool handle_heartbeat(Instant now, Session& session, PacketType type);
  void end_session(Instant now, Session& session, CloseReason reason,
                   std::string_view last_packet = "1");
  [[nodiscard]] std::unique_ptr<Session> remove(Session& session);
  void send_control(Instant now, Session& session, char packet);
  void send_on_socket(Instant now, Session& session, const EncodedMessage& message, bool compress);
  void send_pings(Instant now);
  void send_ping(Instant now, Session& session);
  void wait_for_ping(Instant now, Session& session);
  void stop_waiting(Session& session);
  void stop_waiting_for_probe(Session& session);
  void watch_high_water(Instant now, Session& session);
  void tell_high_water(Instant now);
  void close_leaving(Instant now);
  [[nodiscard]] Instant next_leaving() const;

  http::Server& http_;
  Options options_;
  Entropy& entropy_;
  /// `CorsOptions::decide`, out of the options; null: their `origin` decides.
  Callback<void(Instant, std::optional<std::string_view>, OriginVerdict)> decide_origin_;
  Handlers handlers_;
  Hooks hooks_;
  ClientFiles client_files_;
  std::deque<Middleware> middlewares_;  ///< a running one may add another
  Counters counters_;
  std::shared_ptr<http::AddressCounter> addresses_;  ///< own, or shared with other threads'
  bool shut_down_ = false;
  PlaceKeys handles_;
  PlaceTable<Session> sessions_;
  /// The id stands in the handshake only.
  struct HashSid {
    std::size_t operator()(std::string_view sid) const {
      return std::hash<std::string_view>{}(sid);
    }
    std::size_t operator()(const Session& session) const;
  };
  struct SameSid {
    bool operator()(const Session& session, std::string_view sid) const;
  };
  PointerSet<Session, HashSid, SameSid> sids_;
  /// Requests whose hooks have not decided yet.
  std::unordered_map<std::uint64_t, std::unique_ptr<Pending>> pending_;
  std::uint64_t last_pending_ = 0;
  std::size_t pending_bytes_ = 0;
  DeadlineQueue<std::uint64_t> decision_due_;
  LinkedDeadlines<Session> ping_due_;
  LinkedDeadlines<Session> pong_due_;
  LinkedDeadlines<Session> sign_due_;  ///< of life: of clients that ping (revision 3)
  DeadlineQueue<SessionHandle> upgrade_due_;
  LinkedDeadlines<Session> farewell_due_;       ///< closed ones whose last poll is awaited
  DeadlineQueue<WebSocket*> socket_close_due_;  ///< the peer's close frame is awaited
  std::vector<SessionHandle> overflowed_;       ///< to be closed by `handle_timeout`
  std::vector<SessionHandle> above_mark_;       ///< to be told by it
  Instant work_since_;                          ///< when one of these two got its first
  /// To be closed one by one, since the server shuts down; `count` of them in `window`.
  struct Leaving {
    std::deque<SessionHandle> sessions;
    std::size_t count = 0;
    Instant since;
    Duration window{};
  };
  Leaving leaving_;
  std::array<SharedBytes, 7> control_frames_;
  SharedBytes close_frame_;                        ///< without a code
  std::string open_end_;                           ///< of the open packet, on WebSocket
  std::string open_end_of_polling_;                ///< … on polling: whether there is an upgrade
  std::unique_ptr<websocket::Deflater> deflater_;  ///< null: permessage-deflate is off
  std::unique_ptr<websocket::Inflater> inflater_;
  websocket::MessageReader::Spare spare_;
  SharedBytes ok_ = share(to_buffer("ok"));  ///< the answer to posts
  http::Packer packer_;                      ///< of answers to polls
  PacketReader packets_;
  /// Lets a decision that comes late see whether the server is still there.
  std::shared_ptr<Server*> self_ = std::make_shared<Server*>(this);
};

}  // namespace visavis::engineio
