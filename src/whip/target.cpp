#include "whip/target.hpp"

#include <utility>
#include <vector>

#include "http/query.hpp"

namespace visavis::whip {

std::optional<Target> parse_target(std::string_view path) {
  constexpr std::size_t kSegmentsMax = 3;
  std::vector<std::string> segments;
  for (bool more = true; more;) {
    const std::size_t end = path.find('/');
    auto segment = http::decode_segment(path.substr(0, end));
    if (!segment || segment->empty() || segments.size() == kSegmentsMax) {
      return std::nullopt;
    }
    segments.push_back(*std::move(segment));
    more = end != std::string_view::npos;
    path.remove_prefix(more ? end + 1 : path.size());
  }
  if (segments.size() < 2) {
    return std::nullopt;
  }
  segments.resize(kSegmentsMax);
  return Target{.room = std::move(segments[0]),
                .name = std::move(segments[1]),
                .session = std::move(segments[2])};
}

}  // namespace visavis::whip
