#pragma once

#include <functional>
#include <initializer_list>

#include "base/time.hpp"
#include "net/reactor.hpp"

namespace visavis::net {

/// Keeps `signals` from their default action in the calling thread and all threads it starts later;
/// call it first in `main`, then make a `SignalWatch` for them.
void block_signals(std::initializer_list<int> signals);

/// Calls `handler(now, signal)` in the reactor's thread for each of `signals` that arrives.
class SignalWatch {
 public:
  SignalWatch(Reactor& reactor, std::initializer_list<int> signals,
              std::move_only_function<void(Instant, int)> handler);

 private:
  std::move_only_function<void(Instant, int)> handler_;
  FileDescriptor signals_;
  Reactor::Watch watch_;
};

}  // namespace visavis::net
