#pragma once

#include <expected>
#include <string>
#include <utility>

#include "conference/error_code.hpp"

namespace visavis::conference {

/// Why a request is not done: the code for programs, the sentence for a developer.
struct Refusal {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

[[nodiscard]] inline std::unexpected<Refusal> refuse(ErrorCode code, std::string message) {
  return std::unexpected(Refusal{.code = code, .message = std::move(message)});
}

}  // namespace visavis::conference
