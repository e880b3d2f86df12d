#pragma once

#include <cstdint>

#include "base/strong.hpp"

namespace visavis::sfu {

/// Chosen by whoever sends the commands; a value is never used twice in the life of a worker.
using PeerId = Strong<struct PeerIdMeaning, std::uint64_t>;
using StreamId = Strong<struct StreamIdMeaning, std::uint64_t>;
using RoomId = Strong<struct RoomIdMeaning, std::uint64_t>;
/// An m-line from the server to one peer; counted per peer, as in `rtp::SlotLine::slot`.
using SlotIndex = Strong<struct SlotIndexMeaning, std::uint16_t>;

}  // namespace visavis::sfu
