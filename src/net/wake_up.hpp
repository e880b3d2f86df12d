#pragma once

#include "net/file_descriptor.hpp"

namespace visavis::net {

/// An eventfd: readable from `raise()` (any thread) until `clear()`.
class WakeUp {
 public:
  WakeUp();

  void raise() const;
  void clear() const;
  [[nodiscard]] int fd() const { return event_.value(); }

 private:
  FileDescriptor event_;
};

}  // namespace visavis::net
