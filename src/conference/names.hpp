#pragma once

#include <optional>
#include <string_view>

#include "call/limits.hpp"
#include "conference/refusal.hpp"

/// What a room and a participant may be called, and how large an offer may be, whoever asks.
namespace visavis::conference {

[[nodiscard]] std::optional<Refusal> refuse_room_name(std::string_view name,
                                                      const call::Limits& limits);
[[nodiscard]] std::optional<Refusal> refuse_name(std::string_view name, const call::Limits& limits);
[[nodiscard]] std::optional<Refusal> refuse_offer_size(std::string_view offer,
                                                       const call::Limits& limits);

}  // namespace visavis::conference
