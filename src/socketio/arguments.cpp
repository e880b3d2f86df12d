#include "socketio/arguments.hpp"

namespace visavis::socketio {

SharedBytes Argument::binary() const {
  if (!attachments_ || !value_.is_object() || !value_["_placeholder"].as_bool()) {
    return nullptr;
  }
  const auto number = value_["num"].as_integer();
  if (!number || *number < 0 || static_cast<std::uint64_t>(*number) >= attachments_->size()) {
    return nullptr;
  }
  return (*attachments_)[static_cast<std::size_t>(*number)];
}

Bytes Argument::as_bytes() const {
  const SharedBytes bytes = binary();
  // Lent by the attachments, which this argument keeps alive.
  return bytes ? Bytes(*bytes) : Bytes();
}

}  // namespace visavis::socketio
