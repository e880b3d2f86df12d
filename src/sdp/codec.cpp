#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sdp/description.hpp"

namespace visavis::sdp {
namespace {

/// Profile classes by profile_idc and the constraint flags (RFC 6184 §8.1, table 5). A flag that
/// `mask` leaves out may have any value.
struct ProfilePattern {
  std::uint8_t idc;
  std::uint8_t mask;
  std::uint8_t flags;
  std::uint8_t profile_class;
};
constexpr std::uint8_t kConstrainedBaselineClass = 0;
constexpr std::uint8_t kBaselineClass = 1;
constexpr std::uint8_t kMainClass = 2;
constexpr std::uint8_t kConstrainedHighClass = 3;
constexpr std::uint8_t kHighClass = 4;
constexpr std::uint8_t kHigh444Class = 5;
constexpr std::array kProfilePatterns = {
    ProfilePattern{.idc = 0x42,
                   .mask = 0b0100'1111,
                   .flags = 0b0100'0000,
                   .profile_class = kConstrainedBaselineClass},
    ProfilePattern{.idc = 0x4D,
                   .mask = 0b1000'1111,
                   .flags = 0b1000'0000,
                   .profile_class = kConstrainedBaselineClass},
    ProfilePattern{.idc = 0x58,
                   .mask = 0b1100'1111,
                   .flags = 0b1100'0000,
                   .profile_class = kConstrainedBaselineClass},
    ProfilePattern{
        .idc = 0x42, .mask = 0b0100'1111, .flags = 0b0000'0000, .profile_class = kBaselineClass},
    ProfilePattern{
        .idc = 0x58, .mask = 0b1100'1111, .flags = 0b1000'0000, .profile_class = kBaselineClass},
    ProfilePattern{
        .idc = 0x4D, .mask = 0b1010'1111, .flags = 0b0000'0000, .profile_class = kMainClass},
    ProfilePattern{
        .idc = 0x64, .mask = 0b1111'1111, .flags = 0b0000'0000, .profile_class = kHighClass},
    ProfilePattern{.idc = 0x64,
                   .mask = 0b1111'1111,
                   .flags = 0b0000'1100,
                   .profile_class = kConstrainedHighClass},
    ProfilePattern{
        .idc = 0xF4, .mask = 0b0000'0000, .flags = 0b0000'0000, .profile_class = kHigh444Class},
};

std::optional<std::uint8_t> profile_class(std::string_view profile_level_id) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(
      profile_level_id.data(), profile_level_id.data() + profile_level_id.size(), id, 16);
  if (profile_level_id.size() != 6 || error != std::errc() ||
      end != profile_level_id.data() + profile_level_id.size()) {
    return std::nullopt;
  }
  const auto idc = static_cast<std::uint8_t>(id >> 16U);
  const auto flags = static_cast<std::uint8_t>((id >> 8U) & 0xFFU);
  for (const ProfilePattern& pattern : kProfilePatterns) {
    if (pattern.idc == idc && (flags & pattern.mask) == pattern.flags) {
      return pattern.profile_class;
    }
  }
  return std::nullopt;
}

/// FFmpeg 8 prints its own flag for "constrained", 0x200, where constraint_set1 belongs (0x40), and
/// so has seven digits.
std::optional<std::uint8_t> profile_class_of_any(std::string_view profile_level_id) {
  constexpr std::string_view kFfmpegsFlag = "200";
  if (profile_level_id.size() != 7 || profile_level_id.substr(2, 3) != kFfmpegsFlag) {
    return profile_class(profile_level_id);
  }
  const std::array mended{profile_level_id[0], profile_level_id[1], '4', '0',
                          profile_level_id[5], profile_level_id[6]};
  return profile_class({mended.data(), mended.size()});
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) {
    text.remove_prefix(1);
  }
  while (text.ends_with(' ')) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

std::optional<std::string_view> fmtp_parameter(std::string_view fmtp, std::string_view name) {
  while (!fmtp.empty()) {
    const std::size_t end = fmtp.find(';');
    const std::string_view pair = trimmed(fmtp.substr(0, end));
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      return pair.substr(equals + 1);
    }
    fmtp = end == std::string_view::npos ? std::string_view() : fmtp.substr(end + 1);
  }
  return std::nullopt;
}

std::optional<std::uint8_t> h264_profile(std::string_view fmtp) {
  // RFC 6184 §8.1: without a profile-level-id Baseline is meant; browsers mean Constrained.
  const auto level_id = fmtp_parameter(fmtp, "profile-level-id").value_or("42e01f");
  const auto mode = fmtp_parameter(fmtp, "packetization-mode").value_or("0");
  const auto found = profile_class_of_any(level_id);
  if (!found || (mode != "0" && mode != "1")) {
    return std::nullopt;
  }
  return static_cast<std::uint8_t>((*found * 2) + (mode == "1" ? 1 : 0));
}

}  // namespace visavis::sdp
