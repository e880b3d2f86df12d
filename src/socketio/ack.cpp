#include "socketio/ack.hpp"

#include "socketio/socket.hpp"

namespace visavis::socketio {

struct Ack::Question {
  std::weak_ptr<Socket> socket;
  std::string id;
  bool answered = false;
};

Ack::Ack(std::weak_ptr<Socket> socket, std::string id)
    : question_(
          std::make_shared<Question>(Question{.socket = std::move(socket), .id = std::move(id)})) {}

Ack Ack::share() const {
  Ack other;
  other.question_ = question_;
  return other;
}

bool Ack::wanted() const {
  if (!question_ || question_->answered) {
    return false;
  }
  const std::shared_ptr<Socket> socket = question_->socket.lock();
  return socket && socket->connected();
}

void Ack::send(Payload payload) {
  if (!wanted()) {
    return;
  }
  question_->answered = true;
  if (const std::shared_ptr<Socket> socket = question_->socket.lock()) {
    socket->send_ack(question_->id, std::move(payload));
  }
}

}  // namespace visavis::socketio
