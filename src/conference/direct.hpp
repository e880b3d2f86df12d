#pragma once

#include <cstdint>
#include <string>

#include "base/address.hpp"

/// Clients without Socket.IO, who make one offer and get one answer: WHIP publishes so, WHEP plays
/// so.
namespace visavis::conference {

enum class DirectRole : std::uint8_t {
  kPublisher,  ///< A participant like any other, who views nobody.
  kPlayer,     ///< Views one participant, and is seen by nobody.
};

struct DirectOffer {
  std::string room;
  std::string name;   ///< Of the participant who comes, or who is to be played. UTF-8.
  std::string offer;  ///< SDP.
  IpAddress address;  ///< Whose limits apply.
};

struct DirectAnswer {
  std::string session;  ///< Secret: whoever has it may hang up.
  std::string answer;   ///< SDP.
  std::string ufrag;    ///< Ours; names the ICE session.
};

}  // namespace visavis::conference
