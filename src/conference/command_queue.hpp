#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "sfu/command.hpp"

namespace visavis::conference {

/// What the media worker is still to be told, in order. Nothing is ever dropped from it, for that
/// would leave the worker in another call than we are in: when it is `full()`, requests are
/// refused.
class CommandQueue {
 public:
  explicit CommandQueue(std::size_t limit) : limit_(limit) {}

  void push(sfu::Command command) { commands_.push_back(std::move(command)); }
  [[nodiscard]] bool full() const { return commands_.size() >= limit_; }
  [[nodiscard]] std::optional<sfu::Command> poll() {
    if (commands_.empty()) {
      return std::nullopt;
    }
    sfu::Command command = std::move(commands_.front());
    commands_.pop_front();
    return command;
  }

 private:
  std::size_t limit_;
  std::deque<sfu::Command> commands_;
};

}  // namespace visavis::conference
