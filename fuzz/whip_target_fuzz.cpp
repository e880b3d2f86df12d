#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "whip/target.hpp"

// Whatever the path: a target has a room and a name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace visavis;
  const auto target = whip::parse_target(as_text(std::as_bytes(std::span(data, size))));
  check(!target || (!target->room.empty() && !target->name.empty()));
  return 0;
}
