#pragma once

#include "base/entropy.hpp"
#include "base/random.hpp"

namespace visavis::sim {

/// Entropy that a simulation can repeat: the same seed gives the same secrets.
class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : random_(seed) {}

  void fill(MutableBytes bytes) override {
    for (std::byte& byte : bytes) {
      byte = static_cast<std::byte>(random_.next());
    }
  }

 private:
  Random random_;
};

}  // namespace visavis::sim
