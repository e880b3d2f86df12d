#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "socketio/payload.hpp"

namespace visavis::socketio {

/// Whether the last of these arguments of an `emit` is what Node takes there, too: the handler of
/// the answer.
template <class Handler, class... Args>
inline constexpr bool kEndsWithHandler = false;
template <class Handler, class First, class... Rest>
inline constexpr bool kEndsWithHandler<Handler, First, Rest...> =
    kEndsWithHandler<Handler, Rest...>;
template <class Handler, class Last>
inline constexpr bool kEndsWithHandler<Handler, Last> =
    std::constructible_from<Handler, Last> &&
    !std::same_as<std::remove_cvref_t<Last>, std::nullptr_t>;

/// The payload of all arguments but the last, and the last as a `Handler`.
template <class Handler, class... Args>
[[nodiscard]] std::pair<Payload, Handler> split_handler(std::string_view event, Args&&... args) {
  auto all = std::forward_as_tuple(std::forward<Args>(args)...);
  constexpr std::size_t kLast = sizeof...(Args) - 1;
  const auto payload = [&]<std::size_t... At>(std::index_sequence<At...>) {
    return Payload::event(event, std::get<At>(all)...);
  };
  return {payload(std::make_index_sequence<kLast>()), Handler(std::get<kLast>(std::move(all)))};
}

}  // namespace visavis::socketio
