#pragma once

namespace visavis::bench {

/// A network of this process alone, with a device that takes every datagram to 10.99.0.0/16 and
/// drops it. It goes when the process goes, or this object and its sockets.
class SwallowingDevice {
 public:
  /// Moves the process into a network namespace of its own; sockets opened before stay outside.
  /// Nothing works without root or user namespaces: then `ready()` is false and errno says why.
  SwallowingDevice();
  SwallowingDevice(const SwallowingDevice&) = delete;
  SwallowingDevice& operator=(const SwallowingDevice&) = delete;
  ~SwallowingDevice();

  [[nodiscard]] bool ready() const { return ready_; }
  /// Runs of datagrams pass it in one piece, as they pass a network card.
  [[nodiscard]] bool takes_runs() const { return takes_runs_; }

 private:
  int device_ = -1;
  bool ready_ = false;
  bool takes_runs_ = false;
};

}  // namespace visavis::bench
