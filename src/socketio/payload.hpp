#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/shared_bytes.hpp"
#include "json/writer.hpp"
#include "socketio/arguments.hpp"

namespace visavis::socketio {

struct SharedEvent;
template <class Of>
struct ArgumentType;

/// The arguments of an event or an ack on their way out: one JSON array and its attachments.
///
/// `emit(event, args...)` builds one for each call; build it yourself for bytes inside of objects,
/// through `writer()` and `binary()`:
///
///     Payload payload("picture");
///     payload.writer().begin_object().member("name", "me.png").key("data");
///     payload.binary(bytes);
///     payload.writer().end_object();
///     socket.emit(std::move(payload));
class Payload {
 public:
  /// The arguments of an ack.
  Payload();
  /// An event and, to be added, its arguments.
  explicit Payload(std::string_view event);

  template <class... Args>
  [[nodiscard]] static Payload event(std::string_view name, const Args&... args) {
    Payload payload(name);
    (payload.add(args), ...);
    return payload;
  }
  template <class... Args>
  [[nodiscard]] static Payload ack(const Args&... args) {
    Payload payload;
    (payload.add(args), ...);
    return payload;
  }

  /// Adds an argument: a string, number, bool, nullptr, `json::Value`, `json::Raw`, bytes, or an
  /// `Argument` that came in (with the bytes in it), or whatever `ArgumentType` knows to write.
  template <class Of>
  Payload& add(const Of& of) {
    if constexpr (std::convertible_to<const Of&, Bytes> &&
                  !std::convertible_to<const Of&, std::string_view>) {
      binary(Bytes(of));
    } else if constexpr (std::convertible_to<const Of&, SharedBytes> &&
                         !std::same_as<Of, std::nullptr_t>) {
      binary(SharedBytes(of));
    } else if constexpr (std::same_as<Of, Argument>) {
      argument(of);
    } else if constexpr (std::same_as<Of, Arguments>) {
      for (std::size_t i = 0; i < of.size(); ++i) {
        argument(of[i]);
      }
    } else if constexpr (requires(Payload& to) { ArgumentType<Of>::write(to, of); }) {
      ArgumentType<Of>::write(*this, of);
    } else {
      writer_.value(of);
    }
    return *this;
  }

  /// The place where the next value is written. Close what you open.
  [[nodiscard]] json::Writer& writer() { return writer_; }
  /// Puts bytes in this place.
  Payload& binary(Bytes bytes);
  Payload& binary(SharedBytes bytes);
  Payload& argument(const Argument& argument);

  /// An event of a name that has a meaning of its own ("connect", "disconnect", …): never sent.
  [[nodiscard]] bool reserved() const { return reserved_; }
  /// One that another server has ended; more can be added.
  [[nodiscard]] static Payload of(const SharedEvent& event);
  /// Ends it for other servers. Call it once, last.
  [[nodiscard]] std::shared_ptr<const SharedEvent> to_shared() &&;
  /// Ends the array. Call it once, last.
  [[nodiscard]] std::string finish() &&;
  [[nodiscard]] std::vector<SharedBytes> take_attachments() { return std::move(attachments_); }

 private:
  json::Writer writer_;
  std::vector<SharedBytes> attachments_;
  bool reserved_ = false;
};

}  // namespace visavis::socketio
