#include "socketio/server.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <utility>

#include "engineio/server.hpp"
#include "socketio/cluster_node.hpp"
#include "socketio/connection.hpp"
#include "socketio/listeners.hpp"
#include "socketio/parser.hpp"

namespace visavis::socketio {
namespace {

DisconnectReason reason_of(engineio::CloseReason reason) {
  switch (reason) {
    case engineio::CloseReason::kTransportError: return DisconnectReason::kTransportError;
    case engineio::CloseReason::kTransportClose: return DisconnectReason::kTransportClose;
    case engineio::CloseReason::kForcedClose: return DisconnectReason::kForcedClose;
    case engineio::CloseReason::kPingTimeout: return DisconnectReason::kPingTimeout;
    case engineio::CloseReason::kParseError: return DisconnectReason::kParseError;
    case engineio::CloseReason::kServerShuttingDown: return DisconnectReason::kServerShuttingDown;
  }
  return DisconnectReason::kTransportError;
}

Options settled(Options options, const engineio::Options& engine) {
  if (options.recovery) {
    options.recovery->unnoticed_loss_max =
        std::max(options.recovery->unnoticed_loss_max,
                 engine.ping_interval + engine.ping_timeout + engine.ping_batch);
  }
  return options;
}

}  // namespace

Server::Server(engineio::Server& engine, const Options& options, Entropy& entropy)
    : engine_(engine),
      options_(settled(options, engine.options())),
      entropy_(entropy),
      recovery_deadlines_(options.recovery.value_or(RecoveryOptions()).max_disconnection),
      connect_timeouts_(options.connect_timeout) {
  of("/");  // is always there
  engineio::Handlers handlers;
  handlers.open = [this](Instant now, engineio::SessionHandle session,
                         const engineio::Handshake& /*handshake*/) {
    set_now(now);
    ++counters_.connections;
    connections_
        .insert(std::make_unique<Connection>(*this, session, engine_.shared_handshake(session)))
        .begin();
  };
  handlers.message = [this](Instant now, engineio::SessionHandle session, bool binary,
                            Bytes bytes) {
    set_now(now);
    if (Connection* const connection = find_connection(session)) {
      connection->handle_message(binary, bytes);
    }
  };
  handlers.close = [this](Instant now, engineio::SessionHandle session,
                          engineio::CloseReason reason) {
    set_now(now);
    // Perhaps from inside a send: whoever sends must find his connection and socket still there.
    if (auto connection = connections_.extract(session)) {
      ended_connections_.push_back(std::move(connection));
      ended_connections_.back()->handle_closed(reason_of(reason));
    }
  };
  handlers.drain = [this](Instant now, engineio::SessionHandle session) {
    set_now(now);
    // After nearly each message and ping, and hardly ever does anybody want to know.
    Connection* const connection = drain_is_awaited_ ? find_connection(session) : nullptr;
    if (connection != nullptr) {
      connection->handle_drain();
    }
  };
  handlers.high_water = [this](Instant now, engineio::SessionHandle session, std::size_t bytes) {
    set_now(now);
    if (Connection* const connection = find_connection(session)) {
      connection->handle_high_water(bytes);
    }
  };
  engine_.set_handlers(std::move(handlers));
}

Server::~Server() = default;

Namespace& Server::of(std::string_view name) {
  std::string path(name.starts_with('/') ? "" : "/");
  path += name;
  auto found = namespaces_.find(path);
  if (found == namespaces_.end()) {
    ParentNamespace* const parent = find_parent(path);
    if (Namespace* const child = parent == nullptr ? nullptr : make_child(*parent, path)) {
      return *child;
    }
    auto made = std::make_unique<Namespace>(*this, path);
    found = namespaces_.emplace(std::move(path), std::move(made)).first;
    Namespace& of_now_on = *found->second;
    call_in_turn(new_namespace_handlers_, of_now_on);
    return of_now_on;
  }
  return *found->second;
}

ParentNamespace& Server::of_dynamic(NamespacePredicate allow) {
  return of_dynamic_async(
      [allow = std::move(allow)](std::string_view name, const json::Value& auth,
                                 NamespaceVerdict verdict) mutable { verdict(allow(name, auth)); });
}

std::expected<ParentNamespace*, Error> Server::of_matching(const std::string& pattern) {
  auto test = engineio::origin_pattern(pattern);
  if (!test) {
    return std::unexpected(std::move(test.error()));
  }
  ParentNamespace& made = of_dynamic(
      [matches = *test](std::string_view name, const json::Value&) { return matches(name); });
  made.matches_ = std::move(*test);
  return &made;
}

ParentNamespace* Server::find_parent(std::string_view name) const {
  const auto found = std::ranges::find_if(
      parents_, [&](const auto& parent) { return parent->matches_ && parent->matches_(name); });
  return found == parents_.end() ? nullptr : found->get();
}

ParentNamespace& Server::of_dynamic_async(NamespaceDecision decide) {
  parents_.push_back(std::make_unique<ParentNamespace>(std::move(decide)));
  return *parents_.back();
}

Namespace* Server::make_child(ParentNamespace& parent, std::string_view name) {
  if (Namespace* const made = find_namespace(name)) {
    return made;  // while the decision was being taken
  }
  if (children_ >= options_.dynamic_namespaces_max) {
    return nullptr;
  }
  ++children_;
  auto child = std::make_unique<Namespace>(*this, std::string(name), parent.hooks_);
  Namespace& made = *namespaces_.emplace(std::string(name), std::move(child)).first->second;
  made.parent_ = &parent;
  parent.children_.push_back(&made);
  call_in_turn(new_namespace_handlers_, made);
  return &made;
}

Namespace* Server::find_namespace(std::string_view name) const {
  const auto found = namespaces_.find(name);
  return found == namespaces_.end() ? nullptr : found->second.get();
}

Connection* Server::find_connection(engineio::SessionHandle session) const {
  return connections_.find(session);
}

void Server::forget_ended() {
  // Out of their lists first: what goes with a socket may end another.
  static_cast<void>(std::exchange(ended_sockets_, {}));
  static_cast<void>(std::exchange(ended_connections_, {}));
  end_empty_namespaces();
}

void Server::end_empty_namespaces() {
  for (const std::string& name : std::exchange(emptied_namespaces_, {})) {
    const auto found = namespaces_.find(name);
    if (found == namespaces_.end()) {
      continue;
    }
    Namespace& empty = *found->second;
    const bool awaits = empty.recovery_ && empty.recovery_->awaits_somebody();
    if (empty.parent_ == nullptr || empty.uses_ > 0 || awaits) {
      continue;
    }
    std::erase(empty.parent_->children_, &empty);
    namespaces_.erase(found);
    --children_;
    ++counters_.namespaces_ended;
  }
}

EncodedPacket Server::encode(const PacketHead& head, Payload payload) const {
  if (!options_.parser) {
    return encode_packet(head, std::move(payload));
  }
  std::vector<SharedBytes> attachments = payload.take_attachments();
  return options_.parser->encode(head, std::move(payload).finish(), std::move(attachments));
}

EncodedPacket Server::encode(const PacketHead& head, std::string_view json) const {
  return options_.parser ? options_.parser->encode(head, json) : encode_packet(head, json);
}

std::unique_ptr<PacketDecoder> Server::make_decoder() const {
  return options_.parser ? options_.parser->make_decoder(
                               {.attachments_max = options_.attachments_max,
                                .attachment_bytes_max = options_.attachment_bytes_max})
                         : nullptr;
}

std::optional<Packet> Server::decode(const EncodedPacket& packet) const {
  if (!options_.parser) {
    return decode_packet(packet);
  }
  return decode_packet(*options_.parser->make_decoder(
                           {.attachments_max = packet.size(), .attachment_bytes_max = SIZE_MAX}),
                       packet);
}

void Server::join_cluster(Cluster& cluster) {
  cluster_ = std::make_unique<ClusterNode>(*this, cluster, entropy_.token(16));
  for (const auto& [name, name_space] : namespaces_) {
    if (name_space->recovery_) {
      name_space->recovery_->number_from(chance_offset());
    }
  }
}

std::uint64_t Server::chance_offset() {
  std::array<std::byte, sizeof(std::uint64_t)> bytes{};
  entropy_.fill(bytes);
  // 40 bits: enough to be apart, and eight digits in each event.
  constexpr unsigned kNotUsed = 24;
  return std::bit_cast<std::uint64_t>(bytes) >> kNotUsed;
}

std::string_view Server::cluster_id() const {
  return cluster_ ? std::string_view(cluster_->id()) : std::string_view();
}

void Server::handle_cluster(Instant now, ClusterMessage message) {
  set_now(now);
  if (cluster_) {
    cluster_->handle(std::move(message));
  }
}

void Server::drop_missed(std::string_view name_space, const Audience& audience) {
  std::vector<std::string> names;  // A handler may make another namespace.
  if (name_space.empty()) {
    names.reserve(namespaces_.size());
    for (const auto& [name, of] : namespaces_) {
      names.push_back(name);
    }
  } else {
    names.emplace_back(name_space);
  }
  for (const std::string& name : names) {
    if (Namespace* const of = find_namespace(name)) {
      of->drop_missed(audience);
    }
  }
}

void Server::keep_until_timeout(std::shared_ptr<Socket> socket) {
  ended_sockets_.push_back(std::move(socket));
}

void Server::set_now(Instant now) {
  now_ = std::max(now_, now);
}

void Server::arm_ack_timeout(AckDeadline deadline, const std::shared_ptr<Socket>& socket) {
  ack_timeouts_.emplace(std::pair(deadline, socket.get()), socket);
}

void Server::forget_ack_timeout(AckDeadline deadline, const Socket& socket) {
  ack_timeouts_.erase(std::pair(deadline, &socket));
}

void Server::handle_timeout(Instant now) {
  set_now(now);
  forget_ended();
  while (const auto session = connect_timeouts_.poll_expired(now)) {
    if (Connection* const connection = find_connection(engineio::SessionHandle(*session))) {
      connection->handle_connect_timeout();
    }
  }
  while (const auto away = recovery_deadlines_.poll_expired(now)) {
    away->of->handle_expired(away->pid);
  }
  if (cluster_) {
    cluster_->handle_timeout(now);
  }
  while (!ack_timeouts_.empty() && ack_timeouts_.begin()->first.first.expires <= now) {
    auto expired = ack_timeouts_.extract(ack_timeouts_.begin());
    ++counters_.ack_timeouts;
    if (const std::shared_ptr<Socket> socket = expired.mapped().lock()) {
      socket->settle_ack(expired.key().first.id, std::unexpected(AckError::kTimeout));
    }
  }
}

Instant Server::next_timeout() const {
  if (!ended_sockets_.empty() || !ended_connections_.empty() || !emptied_namespaces_.empty()) {
    return now_;
  }
  const Instant ack = ack_timeouts_.empty() ? kNever : ack_timeouts_.begin()->first.first.expires;
  const Instant cluster = cluster_ ? cluster_->next_timeout() : kNever;
  return std::min({connect_timeouts_.next(), recovery_deadlines_.next(), ack, cluster});
}

void Server::shut_down(Instant now, Duration window) {
  set_now(now);
  engine_.shut_down(now, window);
}

}  // namespace visavis::socketio
