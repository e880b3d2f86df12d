#include <memory>
#include <utility>

#include "base/check.hpp"
#include "engineio/server.hpp"
#include "socketio/cluster_node.hpp"
#include "socketio/connection.hpp"
#include "socketio/namespace.hpp"
#include "socketio/packet.hpp"
#include "socketio/server.hpp"

// Sessions that move to the server of the cluster to which their clients come back.
namespace visavis::socketio {
namespace {

/// Claims that one namespace may have asked the cluster for: more at once is a flood, whose clients
/// begin new sessions.
constexpr std::size_t kClaimsMax = 1000;

}  // namespace

bool Namespace::ask_others(const json::Value& auth, std::move_only_function<void()> then) {
  ClusterNode* const others = server_.cluster_.get();
  if (!recovery_ || others == nullptr || !auth["pid"].is_string() || claims_ >= kClaimsMax) {
    return false;
  }
  const std::string pid(auth["pid"].as_string());
  if (pid.size() != kSecretSize || recovery_->knows(pid)) {
    return false;
  }
  SessionTransfer claim{.pid = pid, .offset = std::nullopt};
  if (!auth["offset"].is_null()) {
    claim.offset = auth["offset"].as_string();
  }
  // Shared by the two functions of the request.
  const auto waiting = std::make_shared<std::move_only_function<void()>>(std::move(then));
  const auto go_on = [waiting] {
    if (auto once = std::exchange(*waiting, nullptr)) {
      once();
    }
  };
  ClusterNode::Request request;
  request.answered = [go_on](const ClusterMessage& message) {
    if (message.transfer) {
      go_on();  // nobody else has it
    }
  };
  request.ended = [this, go_on](std::size_t, std::size_t) {
    go_on();
    --claims_;
    let_go();
  };
  hold();  // One that may come: a namespace made for it stays.
  ++claims_;
  const Duration patience = server_.options_.recovery.value_or(RecoveryOptions()).claim_timeout;
  if (others->ask(*this,
                  {.type = ClusterMessage::Type::kSessionClaim,
                   .transfer = std::make_shared<const SessionTransfer>(std::move(claim))},
                  patience, std::move(request))) {
    return true;
  }
  --claims_;
  let_go();
  return false;
}

std::shared_ptr<const SessionTransfer> Namespace::hand_over(const SessionTransfer& claimed) {
  if (!recovery_) {
    return nullptr;
  }
  const Recovery::Claim claim{.pid = claimed.pid, .offset = claimed.offset};
  take_over(claim);
  auto session = recovery_->claim(claim);
  if (!session) {
    return nullptr;
  }
  const auto missed = recovery_->resume(claimed.pid);
  check(missed.has_value());  // or it could not have been claimed just now
  recovery_->forget(claimed.pid);
  note_if_empty();
  SessionTransfer transfer{.pid = claimed.pid,
                           .offset = claimed.offset,
                           .sid = std::move(session->sid),
                           .rooms = std::move(session->rooms),
                           .data = std::move(session->data),
                           .heard = server_.cluster_->heard()};
  if (missed) {
    for (const EncodedPacket& packet : *missed) {
      transfer.missed.push_back(without_offset(packet));
    }
  }
  return std::make_shared<const SessionTransfer>(std::move(transfer));
}

void Namespace::take_in(const SessionTransfer& transfer) {
  if (!recovery_ || recovery_->knows(transfer.pid)) {
    return;
  }
  ++server_.counters_.sessions_moved;
  auto events = transfer.missed;
  for (const EncodedPacket& packet : recovery_->unheard(transfer, server_.cluster_->heard())) {
    events.push_back(without_offset(packet));
  }
  recovery_->take_in(server_.now(), transfer);
  // With offsets of ours, so that it is told from where to go on when it comes again.
  for (const auto& event : events) {
    static_cast<void>(
        encode_event(Payload::of(*event), {.rooms = {transfer.sid}, .except = {}}, {}));
  }
}

void Namespace::drop_missed(const Audience& audience) {
  if (recovery_) {
    recovery_->expire_meant(audience);
  }
  for (const SocketPointer& socket : select(audience)) {
    if (recovery_ && socket->pid_) {
      recovery_->forget(*socket->pid_);
    }
    if (socket->connected_) {
      ++server_.counters_.sockets_missed;
      socket->connection_->close(engineio::CloseReason::kTransportError);
    }
  }
}

std::shared_ptr<const SharedEvent> Namespace::without_offset(const EncodedPacket& packet) const {
  const std::optional<Packet> event = server_.decode(packet);
  Payload payload;
  if (event && event->data) {
    const Arguments all(*event->data, 0, event->attachments);
    for (std::size_t i = 0; i + 1 < all.size(); ++i) {
      payload.add(all[i]);
    }
  }
  return std::move(payload).to_shared();
}

}  // namespace visavis::socketio
