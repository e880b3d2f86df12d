#pragma once

#include <string>

namespace visavis {

/// What a program ends with, and says: help was asked for, or something was wrong.
struct Exit {
  static constexpr int kOk = 0;
  static constexpr int kFailure = 1;
  static constexpr int kUsage = 2;

  int code = kOk;
  std::string text;  ///< For stdout if `kOk`; otherwise one line for stderr.
};

}  // namespace visavis
