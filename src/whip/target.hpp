#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace visavis::whip {

/// What a path names: an endpoint (`/whip/ROOM/NAME`), or a session that it gave out.
struct Target {
  std::string room;
  std::string name;
  std::string session;  ///< "" for the endpoint.
};

/// `path` is what follows `/whip/` or `/whep/`, as it stood in the request. Nothing when it is
/// neither: other than two or three segments, an empty one, or one that cannot be decoded.
[[nodiscard]] std::optional<Target> parse_target(std::string_view path);

}  // namespace visavis::whip
