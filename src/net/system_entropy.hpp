#pragma once

#include "base/entropy.hpp"

namespace visavis::net {

/// The operating system's randomness (getrandom(2)). Thread-safe: each thread has a store of its
/// own, for the few bytes of an id. What was given out is wiped there, and a forked process begins
/// with an empty one.
class SystemEntropy final : public Entropy {
 public:
  void fill(MutableBytes bytes) override;
};

}  // namespace visavis::net
