#include "engineio/server.hpp"

#include <algorithm>
#include <utility>

#include "engineio/session.hpp"
#include "engineio/websocket_stream.hpp"
#include "websocket/frame.hpp"

namespace visavis::engineio {
namespace {

/// As Node's: a client that was told to go has this long to come and hear it.
constexpr Duration kFarewellTimeout = std::chrono::seconds(30);
/// For the peer's close frame; a browser answers within a round trip.
constexpr Duration kSocketCloseTimeout = std::chrono::seconds(3);

std::array<SharedBytes, 7> make_control_frames() {
  std::array<SharedBytes, 7> frames;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto packet = static_cast<std::byte>('0' + i);
    frames.at(i) = websocket::encode_frame(websocket::Opcode::kText, {&packet, 1});
  }
  return frames;
}

/// What is never waited for longer is not noticed beside the interval.
constexpr int kBatchesPerInterval = 50;

Options settled(Options options) {
  options.ping_batch = std::min(options.ping_batch, options.ping_interval / kBatchesPerInterval);
  while (options.path.ends_with('/')) {
    options.path.pop_back();
  }
  options.path += options.add_trailing_slash ? "/" : "";
  return options;
}

long long milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

constexpr std::string_view kOpenStart = R"(0{"sid":")";

/// What stands behind the id, in all open packets of a server.
std::string open_end(const Options& options, bool upgrades) {
  return std::string(R"(","upgrades":[)") + (upgrades ? R"("websocket")" : "") +
         R"(],"pingInterval":)" + std::to_string(milliseconds(options.ping_interval)) +
         R"(,"pingTimeout":)" + std::to_string(milliseconds(options.ping_timeout)) +
         R"(,"maxPayload":)" + std::to_string(options.max_payload) + "}";
}

}  // namespace

std::string_view to_string(CloseReason reason) {
  switch (reason) {
    case CloseReason::kTransportError: return "transport error";
    case CloseReason::kTransportClose: return "transport close";
    case CloseReason::kForcedClose: return "forced close";
    case CloseReason::kPingTimeout: return "ping timeout";
    case CloseReason::kParseError: return "parse error";
    case CloseReason::kServerShuttingDown: return "server shutting down";
  }
  return {};
}

Server::Server(http::Server& http, Options options, Entropy& entropy)
    : http_(http),
      options_(settled(std::move(options))),
      entropy_(entropy),
      addresses_(options_.addresses ? options_.addresses
                                    : std::make_shared<http::AddressTable>(options_.per_address)),
      decision_due_(options_.decision_timeout),
      ping_due_(options_.ping_interval),
      pong_due_(options_.ping_timeout),
      sign_due_(options_.ping_interval + options_.ping_timeout),
      upgrade_due_(options_.upgrade_timeout),
      farewell_due_(kFarewellTimeout),
      socket_close_due_(kSocketCloseTimeout),
      control_frames_(make_control_frames()),
      close_frame_(websocket::encode_frame(websocket::Opcode::kClose, {})),
      open_end_(open_end(options_, false)),
      open_end_of_polling_(open_end(options_, options_.allow_upgrades && options_.websocket)),
      packer_(options_.http_compression.level) {
  if (options_.cors && options_.cors->decide) {
    decide_origin_ = std::exchange(options_.cors->decide, nullptr);
  }
  if (options_.per_message_deflate.enabled) {
    deflater_ = std::make_unique<websocket::Deflater>(options_.per_message_deflate.level);
    inflater_ = std::make_unique<websocket::Inflater>();
  }
  http_.route(http::Route{
      .path_prefix = options_.path,
      .handle = [this](Instant now, http::RequestId id,
                       http::Request request) { handle_request(now, id, std::move(request)); },
      .begin = [this](Instant now, http::RequestId id,
                      const http::Request& head) { handle_head(now, id, head); },
      .body_bytes_max = options_.max_payload,
      .elsewhere = elsewhere(),
      .takes_upgrades = true});
}

Server::~Server() = default;

Callback<std::optional<std::size_t>(const http::Request&)> Server::elsewhere() const {
  if (!options_.shard) {
    return nullptr;
  }
  return [shard = *options_.shard](const http::Request& head) -> std::optional<std::size_t> {
    const Query query(head.query());
    const std::size_t index =
        query.sid.empty() ? std::string_view::npos : kShardLetters.find(query.sid.back());
    // An id that no server has given: any may say so.
    return index == shard.index || index >= shard.count ? std::nullopt : std::optional(index);
  };
}

void Server::set_handlers(Handlers handlers) {
  handlers_ = std::move(handlers);
}

Server::Session* Server::find(SessionHandle handle) const {
  return sessions_.find(handle);
}

Server::Session* Server::find_sid(std::string_view sid) const {
  return sids_.find(sid);
}

std::size_t Server::HashSid::operator()(const Session& session) const {
  return (*this)(std::string_view(session.handshake->sid));
}

bool Server::SameSid::operator()(const Session& session, std::string_view sid) const {
  return session.handshake->sid == sid;
}

// What the owner calls.

void Server::send(Instant now, SessionHandle handle, SharedMessage message, SendOptions options) {
  Session* const session = find(handle);
  if (session == nullptr || session->closing || session->overflowed) {
    return;
  }
  const bool may_wait =
      options_.high_water_policy == HighWaterPolicy::kDropVolatile && !session->above_mark;
  if (options.volatile_message && !may_wait && !writable(handle)) {
    ++counters_.volatile_dropped;
    return;
  }
  ++counters_.messages_out;
  if (session->socket != nullptr) {
    send_on_socket(now, *session, *message, options.compress);
  } else {
    session->polling->queued_bytes += message->polling_size() + 1;
    session->polling->queue.push_back({std::move(message), 0, options.compress});
    answer_poll(now, *session);
  }
  watch_high_water(now, *session);
}

void Server::watch_high_water(Instant now, Session& session) {
  const std::size_t buffered = buffered_bytes(session.handle);
  if (buffered <= options_.high_water_bytes && buffered <= options_.buffered_bytes_max) {
    return;
  }
  if (overflowed_.empty() && above_mark_.empty()) {
    work_since_ = now;
  }
  if (buffered > options_.high_water_bytes && !std::exchange(session.above_mark, true)) {
    ++counters_.high_waters;
    above_mark_.push_back(session.handle);
  }
  if (buffered > options_.buffered_bytes_max ||
      (session.above_mark && options_.high_water_policy == HighWaterPolicy::kClose)) {
    session.overflowed = true;
    if (session.polling) {
      session.polling->queue = {};
      session.polling->queued_bytes = 0;
    }
    overflowed_.push_back(session.handle);
  }
}

void Server::tell_high_water(Instant now) {
  for (const SessionHandle handle : std::exchange(above_mark_, {})) {
    const Session* const session = find(handle);
    if (session != nullptr && session->above_mark && !session->closing && handlers_.high_water) {
      handlers_.high_water(now, handle, buffered_bytes(handle));
    }
  }
}

void Server::send_on_socket(Instant now, Session& session, const EncodedMessage& message,
                            bool compress) {
  if (message.binary() && session.handshake->revision == 3) {
    Buffer packet = {std::byte{4}};  // a message
    packet.insert(packet.end(), message.packet().begin(), message.packet().end());
    session.socket->write(now, websocket::encode_frame(websocket::Opcode::kBinary, packet));
    return;
  }
  const bool deflate = compress && session.socket->deflates() &&
                       message.packet().size() >= options_.per_message_deflate.threshold_bytes;
  if (!deflate) {
    session.socket->write(now, message.frame());
    return;
  }
  if (!message.deflated_frame()) {
    ++counters_.deflated;
    const Buffer compressed = deflater_->compress(message.packet());
    const bool worth_it = compressed.size() < message.packet().size();
    const auto opcode = message.binary() ? websocket::Opcode::kBinary : websocket::Opcode::kText;
    message.set_deflated_frame(worth_it ? websocket::encode_frame(opcode, compressed, true)
                                        : message.frame());
  }
  session.socket->write(now, message.deflated_frame());
}

void Server::close(Instant now, SessionHandle handle, CloseReason reason) {
  Session* const session = find(handle);
  if (session == nullptr || session->closing) {
    return;
  }
  const bool can_be_told = session->socket != nullptr || session->polling->poll;
  if (can_be_told || reason == CloseReason::kServerShuttingDown) {
    end_session(now, *session, reason);
    return;
  }
  // On polling the client hears of it, and gets what is queued, when it comes next.
  stop_waiting(*session);
  session->closing = true;
  session->timer = Session::Timer::kFarewell;
  farewell_due_.arm(now, *session);
  ++counters_.sessions_closed;
  if (handlers_.close) {
    handlers_.close(now, handle, reason);
  }
}

bool Server::writable(SessionHandle handle) const {
  const Session* const session = find(handle);
  if (session == nullptr || session->closing || session->overflowed) {
    return false;
  }
  if (session->socket != nullptr) {
    return session->socket->open() && session->socket->unsent_bytes() == 0;
  }
  return session->polling->poll.has_value();
}

std::size_t Server::buffered_bytes(SessionHandle handle) const {
  const Session* const session = find(handle);
  if (session == nullptr) {
    return 0;
  }
  return session->socket != nullptr ? session->socket->unsent_bytes()
                                    : session->polling->queued_bytes;
}

std::string_view Server::transport(SessionHandle handle) const {
  const Session* const session = find(handle);
  if (session == nullptr) {
    return {};
  }
  return session->socket != nullptr ? "websocket" : "polling";
}

std::shared_ptr<const Handshake> Server::shared_handshake(SessionHandle handle) const {
  const Session* const session = find(handle);
  return session == nullptr ? nullptr : session->handshake;
}

const Handshake* Server::handshake(SessionHandle handle) const {
  const Session* const session = find(handle);
  return session == nullptr ? nullptr : session->handshake.get();
}

void Server::shut_down(Instant now, Duration window) {
  shut_down_ = true;
  leaving_ = {.sessions = {}, .count = sessions_.size(), .since = now, .window = window};
  sessions_.visit([&](const Session& session) { leaving_.sessions.push_back(session.handle); });
  // In the order they came.
  std::ranges::sort(leaving_.sessions);
  close_leaving(now);
}

void Server::close_leaving(Instant now) {
  while (next_leaving() <= now) {
    const SessionHandle handle = leaving_.sessions.front();
    leaving_.sessions.pop_front();
    if (Session* const session = find(handle)) {
      end_session(now, *session, CloseReason::kServerShuttingDown);
    }
  }
}

Instant Server::next_leaving() const {
  if (leaving_.sessions.empty()) {
    return kNever;
  }
  const auto gone = static_cast<Duration::rep>(leaving_.count - leaving_.sessions.size());
  return leaving_.since + leaving_.window * gone / static_cast<Duration::rep>(leaving_.count);
}

// Sessions.

Server::Session& Server::add_session(Instant now, Exchange& exchange, std::string sid) {
  auto session = std::make_unique<Session>();
  session->handle = SessionHandle(handles_.take());
  session->address = exchange.address;
  session->handshake = std::make_shared<const Handshake>(
      Handshake{.sid = std::move(sid),
                .url = std::move(exchange.request.target),
                .headers = std::move(exchange.request.headers),
                .issued = now,
                .transport = exchange.upgrade ? "websocket" : "polling",
                .remote = exchange.request.remote,
                .secure = exchange.request.secure,
                .revision = static_cast<std::uint8_t>(exchange.revision)});
  Session& added = *session;
  added.base64 = exchange.base64;
  if (!exchange.upgrade) {
    added.polling = std::make_unique<Session::Polling>();
  }
  sids_.insert(added);
  sessions_.insert(std::move(session));
  ++counters_.sessions_opened;
  if (exchange.revision == 3) {
    added.timer = Session::Timer::kSign;
    sign_due_.arm(now, added);
  } else {
    wait_for_ping(now, added);
  }
  return added;
}

/// On polling.
std::string Server::open_packet(std::string_view sid) const {
  std::string packet(kOpenStart);
  packet += sid;
  packet += open_end_of_polling_;
  return packet;
}

Buffer Server::open_frame(std::string_view sid) const {
  const std::size_t size = kOpenStart.size() + sid.size() + open_end_.size();
  Buffer frame;
  frame.reserve(websocket::frame_header_size(size) + size);
  websocket::append_frame_header(frame, websocket::Opcode::kText, size);
  for (const std::string_view piece : {kOpenStart, sid, std::string_view(open_end_)}) {
    const Bytes bytes = as_bytes(piece);
    frame.insert(frame.end(), bytes.begin(), bytes.end());
  }
  return frame;
}

void Server::tell_open(Instant now, const Session& session) {
  if (handlers_.open) {
    const std::shared_ptr<const Handshake> handshake = session.handshake;
    handlers_.open(now, session.handle, *handshake);
  }
}

/// False when the packet has ended the session.
bool Server::handle_packet(Instant now, Session& session, const Packet& packet) {
  if (session.closing) {
    return true;
  }
  if (session.timer == Session::Timer::kPong && !session.pong_extended &&
      packet.type != PacketType::kPong) {
    session.pong_extended = true;
    pong_due_.rearm(now, session);
  }
  switch (packet.type) {
    case PacketType::kPing:
    case PacketType::kPong: return handle_heartbeat(now, session, packet.type);
    case PacketType::kMessage:
      ++counters_.messages_in;
      if (handlers_.message && !session.overflowed) {
        handlers_.message(now, session.handle, packet.binary, packet.data);
      }
      return true;
    case PacketType::kOpen:
    case PacketType::kClose:
    case PacketType::kUpgrade:
    case PacketType::kNoop: return true;
  }
  return true;
}

/// The server pings; in revision 3 the client does. Who does the other's part is none of ours.
bool Server::handle_heartbeat(Instant now, Session& session, PacketType type) {
  const bool client_pings = session.handshake->revision == 3;
  if (client_pings != (type == PacketType::kPing)) {
    end_session(now, session, CloseReason::kTransportError);
    return false;
  }
  if (client_pings) {
    sign_due_.rearm(now, session);
    send_control(now, session, '3');
  } else {
    wait_for_ping(now, session);
  }
  return true;
}

/// `last_packet` is what a parked poll is answered with.
void Server::end_session(Instant now, Session& session, CloseReason reason,
                         std::string_view last_packet) {
  const std::unique_ptr<Session> ended = remove(session);
  answer_poll(now, *ended, last_packet);
  if (ended->polling && ended->polling->probe != nullptr) {
    ended->polling->probe->close(now);
  }
  if (ended->socket != nullptr && ended->overflowed) {
    ended->socket->drop(now);
  } else if (ended->socket != nullptr) {
    ended->socket->close(now);
  }
  if (!ended->closing) {  // else its owner knows
    ++counters_.sessions_closed;
    if (handlers_.close) {
      handlers_.close(now, ended->handle, reason);
    }
  }
  handles_.give_back(ended->handle.value());  // only now: its owner has a table by it, too
}

std::unique_ptr<Server::Session> Server::remove(Session& session) {
  stop_waiting(session);
  stop_waiting_for_probe(session);
  sids_.erase(session);
  addresses_->leave(session.address);
  return sessions_.extract(session.handle);
}

/// A packet of one letter.
void Server::send_control(Instant now, Session& session, char packet) {
  if (session.socket != nullptr) {
    session.socket->write(now, control_frames_.at(static_cast<std::size_t>(packet - '0')));
    return;
  }
  std::vector<Session::Queued>& queue = session.polling->queue;
  // Once is enough: a client that pings and does not poll must not fill the memory with pongs.
  if (queue.empty() || queue.back().control != packet) {
    queue.push_back({nullptr, packet});
    session.polling->queued_bytes += 2;
  }
  answer_poll(now, session);
}

}  // namespace visavis::engineio
