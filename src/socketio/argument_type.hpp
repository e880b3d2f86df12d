#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/shared_bytes.hpp"
#include "json/value.hpp"
#include "socketio/arguments.hpp"
#include "socketio/payload.hpp"

namespace visavis::socketio {

/// An event whose arguments have types, the same for whoever emits and whoever hears it:
///
///     inline constexpr Event<std::string, int> kMoved{"moved"};
///     socket.on(kMoved, [](const std::string& what, int steps) { … });
///     io.emit(kMoved, "rook", 3);
template <class... Args>
struct Event {
  std::string_view name;
};

/// How a C++ type is an argument. There are bool, numbers, strings, bytes (`SharedBytes`),
/// `json::Value`, `Argument`, and `std::optional` and `std::vector` of those. A type of yours:
///
///     template <> struct visavis::socketio::ArgumentType<Point> {
///       static constexpr std::string_view kName = "a point";
///       static std::optional<Point> read(const Argument& from);
///       static void write(Payload& to, const Point& point);
///     };
template <class Of>
struct ArgumentType;

template <>
struct ArgumentType<bool> {
  static constexpr std::string_view kName = "true or false";
  static std::optional<bool> read(const Argument& from) {
    return from.is_bool() ? std::optional(from.as_bool()) : std::nullopt;
  }
};

/// A whole number that the type can hold.
template <std::integral Number>
  requires(!std::same_as<Number, bool>)
struct ArgumentType<Number> {
  static constexpr std::string_view kName = "a whole number in range";
  static std::optional<Number> read(const Argument& from) {
    const std::optional<std::int64_t> number = from.as_integer();
    return number && std::in_range<Number>(*number) ? std::optional(static_cast<Number>(*number))
                                                    : std::nullopt;
  }
};

template <std::floating_point Number>
struct ArgumentType<Number> {
  static constexpr std::string_view kName = "a number";
  static std::optional<Number> read(const Argument& from) {
    return from.is_number() ? std::optional(static_cast<Number>(from.as_number())) : std::nullopt;
  }
};

template <>
struct ArgumentType<std::string> {
  static constexpr std::string_view kName = "a string";
  static std::optional<std::string> read(const Argument& from) {
    return from.is_string() ? std::optional(std::string(from.as_string())) : std::nullopt;
  }
};

/// Lent for the call.
template <>
struct ArgumentType<std::string_view> {
  static constexpr std::string_view kName = "a string";
  static std::optional<std::string_view> read(const Argument& from) {
    return from.is_string() ? std::optional(from.as_string()) : std::nullopt;
  }
};

template <>
struct ArgumentType<SharedBytes> {
  static constexpr std::string_view kName = "bytes";
  static std::optional<SharedBytes> read(const Argument& from) {
    return from.is_binary() ? std::optional(from.binary()) : std::nullopt;
  }
};

template <>
struct ArgumentType<json::Value> {
  static constexpr std::string_view kName = "anything but bytes";
  static std::optional<json::Value> read(const Argument& from) {
    return from.is_binary() ? std::nullopt : std::optional(from.json());
  }
};

template <>
struct ArgumentType<Argument> {
  static constexpr std::string_view kName = "anything";
  static std::optional<Argument> read(const Argument& from) { return from; }
};

/// Null, or left out.
template <class Of>
struct ArgumentType<std::optional<Of>> {
  static constexpr std::string_view kName = ArgumentType<Of>::kName;
  static std::optional<std::optional<Of>> read(const Argument& from) {
    if (from.is_null()) {
      return std::optional<Of>();
    }
    std::optional<Of> value = ArgumentType<Of>::read(from);
    return value ? std::optional(std::move(value)) : std::nullopt;
  }
  static void write(Payload& to, const std::optional<Of>& of) {
    if (of) {
      to.add(*of);
    } else {
      to.add(nullptr);
    }
  }
};

template <class Of>
struct ArgumentType<std::vector<Of>> {
  static constexpr std::string_view kName = "a list of the right things";
  static std::optional<std::vector<Of>> read(const Argument& from) {
    if (!from.is_array()) {
      return std::nullopt;
    }
    std::vector<Of> list;
    list.reserve(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
      std::optional<Of> element = ArgumentType<Of>::read(from.at(i));
      if (!element) {
        return std::nullopt;
      }
      list.push_back(*std::move(element));
    }
    return list;
  }
  static void write(Payload& to, const std::vector<Of>& of) {
    to.writer().begin_array();
    for (const Of& element : of) {
      to.add(element);
    }
    to.writer().end_array();
  }
};

/// An argument that is not what its handler wants.
struct Mismatch {
  std::size_t index = 0;
  std::string_view wanted;

  /// "argument 2: a string is wanted", counted from 1.
  [[nodiscard]] std::string text() const {
    return "argument " + std::to_string(index + 1) + ": " + std::string(wanted) + " is wanted";
  }
};

/// The arguments of one event, each read as its type.
template <class... Args>
class TypedArguments {
 public:
  explicit TypedArguments(const Arguments& from) { read(from, std::index_sequence_for<Args...>()); }

  /// The first that is not what it should be. What there is besides is nobody's, as in JavaScript.
  [[nodiscard]] const std::optional<Mismatch>& mismatch() const { return mismatch_; }
  /// Calls `handler(args...)`, or `handler(args..., last)` if it takes that. Nothing may mismatch.
  template <class Handler, class Last>
  void give(Handler& handler, Last&& last) {
    std::apply(
        [&](std::optional<Args>&... args) {
          if constexpr (std::invocable<Handler&, Args..., Last>) {
            handler(std::move(args).value()..., std::forward<Last>(last));
          } else {
            handler(std::move(args).value()...);
          }
        },
        values_);
  }

 private:
  template <std::size_t... At>
  void read(const Arguments& from, std::index_sequence<At...> /*positions*/) {
    (read_one<At, Args>(from[At]), ...);
  }
  template <std::size_t At, class Of>
  void read_one(const Argument& from) {
    std::get<At>(values_) = ArgumentType<Of>::read(from);
    if (!std::get<At>(values_) && !mismatch_) {
      mismatch_ = Mismatch{.index = At, .wanted = ArgumentType<Of>::kName};
    }
  }

  std::tuple<std::optional<Args>...> values_;
  std::optional<Mismatch> mismatch_;
};

}  // namespace visavis::socketio
