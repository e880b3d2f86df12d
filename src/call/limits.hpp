#pragma once

#include <cstddef>

namespace visavis::call {

/// What the rooms refuse to exceed. Clients are told in `welcome`.
struct Limits {
  std::size_t name_characters = 64;  ///< Unicode code points; longer ones fit no tile.
  std::size_t room_name_characters = 64;
  std::size_t metadata_bytes = 4096;  ///< Copied to everyone in the room on every join.
  std::size_t message_bytes = std::size_t{16} * 1024;
  double messages_per_second = 20;  ///< Each participant; also the size of a burst.
  std::size_t offer_bytes = std::size_t{512} * 1024;
  std::size_t token_bytes = 4096;
  std::size_t streams_per_participant = 8;
  std::size_t participants_per_room = 100;
  std::size_t rooms = 10'000;
  std::size_t tiles = 64;  ///< More than the 49 seats, so that a grid may ask ahead.
};

}  // namespace visavis::call
