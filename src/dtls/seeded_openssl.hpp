#pragma once

#include <cstdint>

namespace visavis::dtls {

/// For simulation programs and tests only: while one lives, all randomness inside OpenSSL comes
/// from a seed, so that two runs are the same to the byte. Changes the whole process (OpenSSL knows
/// no narrower scope); one at a time, and nothing secret while it lives.
class SeededOpenssl {
 public:
  explicit SeededOpenssl(std::uint64_t seed);
  SeededOpenssl(const SeededOpenssl&) = delete;
  SeededOpenssl& operator=(const SeededOpenssl&) = delete;
  ~SeededOpenssl();
};

}  // namespace visavis::dtls
