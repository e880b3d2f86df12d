#pragma once

#include <cstdint>
#include <string>

namespace visavis::conference {

/// What happened to a participant, for the operator's log. Ids, not names: a log outlives a call.
struct Notice {
  enum class Kind : std::uint8_t {
    kJoined,
    kSocketLost,  ///< Kept until `resume_timeout`.
    kResumed,
    kLeft,
    kMediaFailed,
  };

  Kind kind = Kind::kJoined;
  std::string room;
  std::string participant;  ///< Id.
  std::string reason;       ///< Empty where there is none to tell.
};

}  // namespace visavis::conference
