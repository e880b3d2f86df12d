#pragma once

#include "base/entropy.hpp"

namespace visavis::net {

/// The operating system's randomness (getrandom(2)). Thread-safe: it has no state.
class SystemEntropy final : public Entropy {
 public:
  void fill(MutableBytes bytes) override;
};

}  // namespace visavis::net
