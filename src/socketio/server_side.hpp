#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/callback.hpp"
#include "socketio/arguments.hpp"
#include "socketio/payload.hpp"

namespace visavis::socketio {

/// Answers an event of another server, at most once, now or later.
class ServerSideAck {
 public:
  using Answer = std::move_only_function<void(Payload)>;

  ServerSideAck() = default;
  /// The first to answer wins, whichever of the handlers has it.
  explicit ServerSideAck(Answer answer) : answer_(std::make_shared<Answer>(std::move(answer))) {}

  [[nodiscard]] explicit operator bool() const { return answer_ && *answer_; }
  template <class... Args>
  void operator()(const Args&... args) const {
    if (*this) {
      std::exchange(*answer_, nullptr)(Payload::ack(args...));
    }
  }

 private:
  std::shared_ptr<Answer> answer_;  // shared by the handlers of one event
};

using ServerSideHandler = Callback<void(const Arguments&, ServerSideAck)>;

/// What the other servers answered.
struct ServerSideAnswers {
  std::vector<Arguments> answers;
  std::size_t missing = 0;  ///< servers that did not answer in time, or have no handler
};
using ServerSideAckHandler = Callback<void(ServerSideAnswers)>;

}  // namespace visavis::socketio
