#include "socketio/payload.hpp"

#include "socketio/cluster.hpp"
#include "socketio/packet.hpp"

namespace visavis::socketio {

Payload::Payload() {
  writer_.begin_array();
}

Payload::Payload(std::string_view event) : reserved_(is_reserved_event(event)) {
  writer_.begin_array().string(event);
}

Payload& Payload::binary(Bytes bytes) {
  return binary(share(to_buffer(bytes)));
}

Payload& Payload::binary(SharedBytes bytes) {
  writer_.begin_object().member("_placeholder", true).member("num", attachments_.size());
  writer_.end_object();
  attachments_.push_back(std::move(bytes));
  return *this;
}

// As deep as the reader lets JSON be.
// NOLINTNEXTLINE(misc-no-recursion)
Payload& Payload::argument(const Argument& argument) {
  if (!argument.has_attachments()) {
    writer_.value(argument.json());
    return *this;
  }
  if (SharedBytes bytes = argument.binary()) {
    return binary(std::move(bytes));
  }
  // Its attachments get new numbers here, so whatever may hold one is written anew.
  if (argument.is_array()) {
    writer_.begin_array();
    for (std::size_t i = 0; i < argument.size(); ++i) {
      this->argument(argument.at(i));
    }
    writer_.end_array();
  } else if (argument.is_object()) {
    writer_.begin_object();
    for (std::size_t i = 0; i < argument.size(); ++i) {
      writer_.key(argument.json().key_at(i));
      this->argument(argument.at(i));
    }
    writer_.end_object();
  } else {
    writer_.value(argument.json());
  }
  return *this;
}

Payload Payload::of(const SharedEvent& event) {
  Payload payload;
  const std::string_view list = event.list;
  // "[]" has nothing between its brackets.
  if (list.size() > 2) {
    payload.writer_.raw(list.substr(1, list.size() - 2));
  }
  payload.attachments_ = event.attachments;
  return payload;
}

std::shared_ptr<const SharedEvent> Payload::to_shared() && {
  SharedEvent event{.list = {}, .attachments = take_attachments()};
  event.list = std::move(*this).finish();
  return std::make_shared<const SharedEvent>(std::move(event));
}

std::string Payload::finish() && {
  writer_.end_array();
  return std::move(writer_).text();
}

}  // namespace visavis::socketio
