#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/callback.hpp"
#include "socketio/arguments.hpp"

namespace visavis::socketio {

/// The answer of a socket's middleware about one event, now or later: `next()` lets it on,
/// `next("why not")` ends it and tells the `on_error` handlers. Thrown away unused, the event goes
/// no further and nobody is told.
class EventNext {
 public:
  /// Gets null, or why not.
  using Answer = std::move_only_function<void(const std::string* error)>;

  explicit EventNext(Answer answer) : answer_(std::move(answer)) {}

  void operator()() { answer(nullptr); }
  void operator()(const std::string& error) { answer(&error); }

 private:
  void answer(const std::string* error) {
    if (Answer once = std::exchange(answer_, nullptr)) {
      once(error);
    }
  }

  Answer answer_;
};

/// Sees each event of a socket before its handlers do. What it is given holds as long as the
/// `EventNext`.
using EventMiddleware = Callback<void(std::string_view event, const Arguments&, EventNext)>;
using EventErrorHandler = Callback<void(std::string_view event, std::string_view error)>;

}  // namespace visavis::socketio
