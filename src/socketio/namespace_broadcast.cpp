#include <algorithm>
#include <utility>

#include "socketio/cluster_node.hpp"
#include "socketio/namespace.hpp"
#include "socketio/packet.hpp"
#include "socketio/server.hpp"

// What a namespace does for many sockets at once, here and in the cluster.
namespace visavis::socketio {

ClusterNode* Namespace::cluster(EmitFlags flags) const {
  return flags.local ? nullptr : server_.cluster_.get();
}

void Namespace::broadcast(Payload payload, const Audience& audience, EmitFlags flags) {
  if (payload.reserved()) {
    ++server_.counters_.reserved_events;
    return;
  }
  ++server_.counters_.broadcasts;
  Origin origin;
  if (ClusterNode* const others = cluster(flags)) {
    const auto event = std::move(payload).to_shared();
    others->publish(*this, {.audience = audience, .flags = flags, .event = event});
    payload = Payload::of(*event);
    const auto ours = others->heard().find(others->id());
    origin = {.server = ours->first, .number = ours->second};
  }
  broadcast_here(std::move(payload), audience, flags, origin);
}

void Namespace::broadcast_here(Payload payload, const Audience& audience, EmitFlags flags,
                               Origin origin) {
  // The receivers first: without one, nothing need be encoded. In a cluster, one who is away may
  // come from another server before this event has reached that.
  const std::vector<SocketPointer> receivers = select(audience);
  const bool awaited = recovery_ && (recovery_->awaits_somebody() || server_.cluster_ != nullptr);
  if (receivers.empty() && !awaited) {
    return;
  }
  const EncodedPacket packet = encode_event(std::move(payload), audience, flags, origin);
  for (const SocketPointer& receiver : receivers) {
    receiver->deliver_event(packet, flags);
  }
}

void Namespace::ask_each(Payload payload, const std::vector<SocketPointer>& receivers, Asking how,
                         const std::function<void(std::expected<Arguments, AckError>)>& answered) {
  const AckDeadline deadline{.expires = server_.now() + how.timeout, .id = server_.next_ack_id_++};
  const std::string digits = std::to_string(deadline.id);
  // No offset: the client sees the ack behind it, and nothing is sent twice.
  const EncodedPacket packet = server_.encode(
      {.type = PacketType::kEvent, .name_space = name_, .id = digits}, std::move(payload));
  for (const SocketPointer& receiver : receivers) {
    if (receiver->expect_ack(deadline, answered)) {
      receiver->deliver_event(packet, how.flags);
    }
  }
}

namespace {

/// A broadcast whose answers are still coming.
struct Round {
  BroadcastAnswers result;
  std::size_t due;  ///< receivers here, and one for all other servers
  BroadcastAckHandler handler;

  void one_less() {
    if (--due == 0) {
      handler(std::move(result));
    }
  }
  template <class Answer>
  void take(Answer answer) {
    if (answer) {
      result.answers.push_back(*std::move(answer));
    } else {
      ++result.missing;
    }
  }
};

}  // namespace

void Namespace::broadcast_with_ack(Payload payload, const Audience& audience, Asking how,
                                   BroadcastAckHandler handler) {
  if (payload.reserved()) {
    ++server_.counters_.reserved_events;
    handler(BroadcastAnswers());
    return;
  }
  ++server_.counters_.broadcasts;
  const std::vector<SocketPointer> receivers = select(audience);
  // Shared by the receivers' pending acks: the last of them tells. One more is due until all have
  // been asked.
  const auto round = std::make_shared<Round>(
      Round{.result = {}, .due = receivers.size() + 1, .handler = std::move(handler)});
  ClusterNode* const others = cluster(how.flags);
  bool others_asked = false;
  if (others != nullptr) {
    const auto event = std::move(payload).to_shared();
    payload = Payload::of(*event);
    ClusterNode::Request request;
    request.answered = [round](const ClusterMessage& message) {
      if (message.type == ClusterMessage::Type::kBroadcastAck) {
        round->take(read_event(message.event.get(), 0));
      }
    };
    request.ended = [round](std::size_t servers, std::size_t clients) {
      round->result.servers_missing = servers;
      round->result.missing += clients;
      round->one_less();
    };
    others_asked = others->ask(
        *this, {.audience = audience, .flags = how.flags, .event = event, .timeout = how.timeout},
        how.timeout, std::move(request));
  }
  if (!receivers.empty()) {
    ask_each(std::move(payload), receivers, how,
             [round](std::expected<Arguments, AckError> answer) {
               round->take(std::move(answer));
               round->one_less();
             });
  }
  if (!others_asked) {
    round->one_less();
  }
}

void Namespace::fetch(const Audience& audience, EmitFlags flags, FetchHandler handler) {
  std::vector<RemoteSocket> ours;
  for (const SocketPointer& socket : select(audience)) {
    ours.emplace_back(*socket);
  }
  ClusterNode* const others = cluster(flags);
  if (others == nullptr) {
    handler(FetchedSockets{.sockets = std::move(ours)});
    return;
  }
  struct Fetched {
    FetchedSockets result;
    FetchHandler handler;
  };
  // Shared by the two functions of the request.
  const auto fetched = std::make_shared<Fetched>(
      Fetched{.result = {.sockets = std::move(ours)}, .handler = std::move(handler)});
  ClusterNode::Request request;
  request.answered = [this, fetched](ClusterMessage& message) {
    for (ClusterSocket& socket : message.sockets) {
      fetched->result.sockets.emplace_back(*this, std::move(socket));
    }
  };
  request.ended = [this, fetched](std::size_t servers, std::size_t) {
    fetched->result.servers_missing = servers;
    fetched->handler(std::move(fetched->result));
    let_go();
  };
  hold();  // What is fetched refers to this namespace: one made for a client stays.
  if (!others->ask(*this, {.type = ClusterMessage::Type::kFetchSockets, .audience = audience},
                   server_.options().cluster_timeout, std::move(request))) {
    fetched->handler(std::move(fetched->result));
    let_go();
  }
}

void Namespace::act(const ClusterMessage& message) {
  if (ClusterNode* const others = cluster(message.flags)) {
    others->publish(*this, message);
  }
  act_here(message);
}

void Namespace::act_here(const ClusterMessage& message) {
  using Type = ClusterMessage::Type;
  for (const SocketPointer& socket : select(message.audience)) {
    if (message.type == Type::kDisconnectSockets) {
      socket->disconnect(message.close);
      continue;
    }
    for (const std::string& room : message.rooms) {
      if (message.type == Type::kSocketsJoin) {
        socket->join(room);
      } else if (message.type == Type::kSocketsLeave) {
        socket->leave(room);
      }
    }
  }
}

json::Raw Namespace::describe_data(const Socket& socket) {
  return describe_data_ ? describe_data_(socket) : json::Raw{.text = "null"};
}

std::vector<ClusterSocket> Namespace::describe(const std::vector<SocketPointer>& sockets) {
  std::vector<ClusterSocket> described;
  described.reserve(sockets.size());
  for (const SocketPointer& socket : sockets) {
    described.push_back({.id = socket->id(),
                         .handshake = socket->handshake(),
                         .rooms = socket->rooms(),
                         .data = describe_data(*socket)});
  }
  return described;
}

void Namespace::server_side_emit(Payload payload) {
  if (ClusterNode* const others = cluster({})) {
    others->publish(*this, {.type = ClusterMessage::Type::kServerSideEmit,
                            .event = std::move(payload).to_shared()});
  }
}

void Namespace::server_side_emit_with_ack(Payload payload, ServerSideAckHandler handler) {
  struct Answers {
    ServerSideAnswers result;
    ServerSideAckHandler handler;
  };
  // Shared by the two functions of the request.
  const auto answers =
      std::make_shared<Answers>(Answers{.result = {}, .handler = std::move(handler)});
  ClusterNode::Request request;
  request.answered = [answers](const ClusterMessage& message) {
    if (auto answer = read_event(message.event.get(), 0)) {
      answers->result.answers.push_back(*std::move(answer));
    } else {
      ++answers->result.missing;
    }
  };
  request.ended = [answers](std::size_t servers, std::size_t) {
    answers->result.missing += servers;
    answers->handler(std::move(answers->result));
  };
  ClusterNode* const others = cluster({});
  if (others == nullptr || !others->ask(*this,
                                        {.type = ClusterMessage::Type::kServerSideEmit,
                                         .event = std::move(payload).to_shared()},
                                        server_.options().cluster_timeout, std::move(request))) {
    answers->handler(ServerSideAnswers());
  }
}

void Namespace::on_server_side(std::string_view event, ServerSideHandler handler) {
  server_side_handlers_[std::string(event)].push_back(
      std::make_shared<ServerSideHandler>(std::move(handler)));
}

bool Namespace::handle_server_side(const SharedEvent& event, const ServerSideAck& ack) {
  const std::optional<Arguments> all = read_event(&event, 0);
  const std::optional<Arguments> arguments = read_event(&event, 1);
  if (!all || !arguments) {
    return false;
  }
  const auto found = server_side_handlers_.find((*all)[0].as_string());
  if (found == server_side_handlers_.end()) {
    return false;
  }
  // A copy: a handler may add handlers.
  for (const auto& handler : ServerSideHandlers(found->second)) {
    (*handler)(*arguments, ack);
  }
  return true;
}

}  // namespace visavis::socketio
