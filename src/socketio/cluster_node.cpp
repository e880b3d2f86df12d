#include "socketio/cluster_node.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>
#include <vector>

#include "socketio/namespace.hpp"
#include "socketio/server.hpp"

namespace visavis::socketio {
namespace {

using Type = ClusterMessage::Type;

bool is_answer(Type type) {
  return type == Type::kFetchSocketsResponse || type == Type::kServerSideEmitResponse ||
         type == Type::kBroadcastClientCount || type == Type::kBroadcastAck ||
         type == Type::kSession;
}

/// How long another server's message may be on its way when one that it was sent before is here.
constexpr Duration kCatchUpMax = std::chrono::milliseconds(500);

}  // namespace

std::optional<Arguments> read_event(const SharedEvent* event, std::size_t first) {
  auto list = event != nullptr ? json::parse(event->list) : std::unexpected(json::ParseError());
  if (!list) {
    return std::nullopt;
  }
  Attachments attachments;
  if (!event->attachments.empty()) {
    attachments = std::make_shared<const std::vector<SharedBytes>>(event->attachments);
  }
  return Arguments(*std::move(list), first, std::move(attachments));
}

ClusterNode::ClusterNode(Server& server, Cluster& cluster, std::string id)
    : server_(server), cluster_(cluster), id_(std::move(id)) {
  heard_.emplace(id_, 0);
}

void ClusterNode::publish(const Namespace& from, ClusterMessage message) {
  message.sender = id_;
  message.name_space = from.name();
  message.number = ++heard_[id_];
  cluster_.publish(std::move(message));
}

bool ClusterNode::ask(const Namespace& from, ClusterMessage message, Duration timeout,
                      Request request) {
  request.servers_due = cluster_.others();
  if (request.servers_due == 0) {
    return false;
  }
  const std::uint64_t number = ++last_request_;
  message.request_id = std::to_string(number);
  const Instant expires = server_.now() + timeout;
  pending_.emplace(number, Pending{.expires = expires, .request = std::move(request)});
  deadlines_.emplace(expires, number);
  publish(from, std::move(message));
  return true;
}

void ClusterNode::handle(ClusterMessage message) {
  if (message.sender == id_) {
    return;  // some ways bring everything back
  }
  if (message.number > 0) {
    heard_[message.sender] = message.number;
  }
  if (message.type == Type::kMissed) {
    server_.drop_missed(message.name_space, message.audience);
  } else if (message.type == Type::kSession && message.transfer) {
    arrived_.push_back({.until = server_.now() + kCatchUpMax, .message = std::move(message)});
  } else if (is_answer(message.type)) {
    handle_answer(message);
  } else {
    handle_request(std::move(message));
  }
  take_arrived(server_.now());
}

bool ClusterNode::is_ahead(const SessionTransfer& transfer) const {
  return std::ranges::any_of(transfer.heard, [this](const auto& heard) {
    const auto here = heard_.find(heard.first);
    return heard.second > (here == heard_.end() ? 0 : here->second);
  });
}

void ClusterNode::take_arrived(Instant now) {
  while (true) {
    const auto due = std::ranges::find_if(arrived_, [&](const Arrived& arrived) {
      return arrived.until <= now || !is_ahead(*arrived.message.transfer);
    });
    if (due == arrived_.end()) {
      return;
    }
    ClusterMessage message = std::move(due->message);
    arrived_.erase(due);
    take_session(message);
  }
}

void ClusterNode::take_session(ClusterMessage& message) {
  // Even when its client is waited for no more: it may ask again.
  if (Namespace* const of = server_.find_namespace(message.name_space)) {
    of->take_in(*message.transfer);
  }
  handle_answer(message);
}

void ClusterNode::handle_answer(ClusterMessage& message) {
  std::uint64_t number = 0;
  const std::string& id = message.request_id;
  std::from_chars(id.data(), id.data() + id.size(), number);
  const auto found = pending_.find(number);
  if (found == pending_.end()) {
    return;  // too late
  }
  Request& request = found->second.request;
  std::size_t& due =
      message.type == Type::kBroadcastAck ? request.clients_due : request.servers_due;
  if (due == 0) {
    return;  // more answers than there were questions
  }
  --due;
  request.clients_due += message.client_count;
  request.answered(message);
  if (request.servers_due == 0 && request.clients_due == 0) {
    end(number);
  }
}

void ClusterNode::end(std::uint64_t number) {
  auto pending = pending_.extract(number);
  deadlines_.erase({pending.mapped().expires, number});
  Request& request = pending.mapped().request;
  request.ended(request.servers_due, request.clients_due);
}

Instant ClusterNode::next_timeout() const {
  Instant next = deadlines_.empty() ? kNever : deadlines_.begin()->first;
  for (const Arrived& arrived : arrived_) {
    next = std::min(next, arrived.until);
  }
  return next;
}

void ClusterNode::handle_timeout(Instant now) {
  take_arrived(now);
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    ++server_.counters_.cluster_timeouts;
    end(deadlines_.begin()->second);
  }
}

void ClusterNode::handle_request(ClusterMessage message) {
  Namespace* const of = server_.find_namespace(message.name_space);
  if (of == nullptr) {
    answer_nothing(message);
    return;
  }
  switch (message.type) {
    case Type::kBroadcast: answer_broadcast(*of, std::move(message)); break;
    case Type::kFetchSockets: answer_fetch(*of, message); break;
    case Type::kServerSideEmit: answer_event(*of, message); break;
    case Type::kSessionClaim: answer_claim(*of, message); break;
    default: of->act_here(message); break;
  }
}

void ClusterNode::answer_nothing(const ClusterMessage& message) {
  if (message.type == Type::kBroadcast) {
    respond(message, {.type = Type::kBroadcastClientCount});
  } else if (message.type == Type::kFetchSockets) {
    respond(message, {.type = Type::kFetchSocketsResponse});
  } else if (message.type == Type::kServerSideEmit) {
    respond(message, {.type = Type::kServerSideEmitResponse});
  } else if (message.type == Type::kSessionClaim) {
    respond(message, {.type = Type::kSession});
  }
}

void ClusterNode::answer_claim(Namespace& of, const ClusterMessage& message) {
  respond(message, {.type = Type::kSession,
                    .transfer = message.transfer ? of.hand_over(*message.transfer) : nullptr});
}

void ClusterNode::answer_broadcast(Namespace& of, ClusterMessage message) {
  if (!message.event) {
    return;
  }
  if (message.request_id.empty()) {
    of.broadcast_here(Payload::of(*message.event), message.audience, message.flags,
                      {.server = heard_.find(message.sender)->first, .number = message.number});
    return;
  }
  const auto receivers = of.select(message.audience);
  respond(message, {.type = Type::kBroadcastClientCount, .client_count = receivers.size()});
  Payload payload = Payload::of(*message.event);
  const Duration timeout = message.timeout;
  const EmitFlags flags = message.flags;
  // Shared by the answers of all receivers.
  const auto request = std::make_shared<const ClusterMessage>(std::move(message));
  of.ask_each(std::move(payload), receivers, {.flags = flags, .timeout = timeout},
              [this, request](std::expected<Arguments, AckError> answer) {
                ClusterMessage response{.type = Type::kBroadcastAck};
                if (answer) {
                  response.event = Payload::ack(*answer).to_shared();
                }
                respond(*request, std::move(response));
              });
}

void ClusterNode::answer_fetch(Namespace& of, const ClusterMessage& message) {
  respond(message, {.type = Type::kFetchSocketsResponse,
                    .sockets = of.describe(of.select(message.audience))});
}

void ClusterNode::answer_event(Namespace& of, const ClusterMessage& message) {
  if (!message.event) {
    return;
  }
  ServerSideAck ack;
  if (!message.request_id.empty()) {
    ClusterMessage request{.sender = message.sender,
                           .name_space = message.name_space,
                           .request_id = message.request_id};
    ack = ServerSideAck([this, request = std::move(request)](Payload payload) {
      respond(request,
              {.type = Type::kServerSideEmitResponse, .event = std::move(payload).to_shared()});
    });
  }
  if (!of.handle_server_side(*message.event, ack)) {
    answer_nothing(message);
  }
}

void ClusterNode::respond(const ClusterMessage& request, ClusterMessage response) {
  if (request.request_id.empty()) {
    return;
  }
  response.sender = id_;
  response.name_space = request.name_space;
  response.request_id = request.request_id;
  cluster_.respond(request.sender, std::move(response));
}

}  // namespace visavis::socketio
