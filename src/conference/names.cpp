#include "conference/names.hpp"

#include <fmt/format.h>

#include "call/name.hpp"

namespace visavis::conference {

std::optional<Refusal> refuse_room_name(std::string_view name, const call::Limits& limits) {
  if (call::is_presentable(name) && call::count_characters(name) <= limits.room_name_characters) {
    return std::nullopt;
  }
  return Refusal{
      .code = ErrorCode::kRoomNameInvalid,
      .message = fmt::format("A room name has 1 to {} characters, and no control characters.",
                             limits.room_name_characters)};
}

std::optional<Refusal> refuse_name(std::string_view name, const call::Limits& limits) {
  if (call::count_characters(name) > limits.name_characters) {
    return Refusal{
        .code = ErrorCode::kNameTooLong,
        .message = fmt::format("A name has at most {} characters.", limits.name_characters)};
  }
  if (!call::is_presentable(name)) {
    return Refusal{.code = ErrorCode::kNameInvalid,
                   .message = "A name must not be empty or have control characters."};
  }
  return std::nullopt;
}

std::optional<Refusal> refuse_offer_size(std::string_view offer, const call::Limits& limits) {
  if (offer.size() <= limits.offer_bytes) {
    return std::nullopt;
  }
  return Refusal{.code = ErrorCode::kOfferTooLarge,
                 .message = fmt::format("An offer has at most {} bytes.", limits.offer_bytes)};
}

}  // namespace visavis::conference
