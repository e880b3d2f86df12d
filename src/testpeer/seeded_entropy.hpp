#pragma once

#include "base/entropy.hpp"
#include "base/random.hpp"

namespace visavis::testpeer {

/// Entropy out of a seed: a run can be repeated to the byte. Nothing made of it is secret.
class SeededEntropy : public Entropy {
 public:
  explicit SeededEntropy(Random random) : random_(random) {}

  void fill(MutableBytes bytes) override {
    for (std::byte& octet : bytes) {
      octet = static_cast<std::byte>(random_.next());
    }
  }

 private:
  Random random_;
};

}  // namespace visavis::testpeer
