#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace visavis::call {

/// What a stream shows or lets hear.
enum class Source : std::uint8_t { kMicrophone, kCamera, kScreen, kScreenAudio };

/// As the protocol spells it: "microphone", "camera", "screen", "screen-audio".
[[nodiscard]] std::string_view to_string(Source source);
[[nodiscard]] std::optional<Source> source_named(std::string_view name);
[[nodiscard]] constexpr bool is_video(Source source) {
  return source == Source::kCamera || source == Source::kScreen;
}

}  // namespace visavis::call
