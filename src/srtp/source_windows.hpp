#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "srtp/replay_window.hpp"

namespace visavis::srtp {

/// The replay windows of the SSRCs that have proved authentic. The SSRCs lie together, because
/// they are searched for each packet; the first, which is a viewer's only one, lies here.
class SourceWindows {
 public:
  /// A participant publishes 8 streams at most, of 3 layers with RTX each; the rest is for SSRCs
  /// that change during a call.
  static constexpr std::size_t kSourcesMax = 128;

  [[nodiscard]] ReplayWindow* find(std::uint32_t ssrc) {
    if (first_ == ssrc) {
      return &first_window_;
    }
    const auto at = std::ranges::find(ssrcs_, ssrc);
    return at == ssrcs_.end() ? nullptr : &windows_[static_cast<std::size_t>(at - ssrcs_.begin())];
  }
  [[nodiscard]] bool full() const { return ssrcs_.size() + 1 == kSourcesMax; }
  ReplayWindow& add(std::uint32_t ssrc) {
    if (!first_) {
      first_ = ssrc;
      return first_window_;
    }
    ssrcs_.push_back(ssrc);
    return windows_.emplace_back();
  }

 private:
  std::optional<std::uint32_t> first_;
  ReplayWindow first_window_;
  std::vector<std::uint32_t> ssrcs_;
  std::vector<ReplayWindow> windows_;
};

}  // namespace visavis::srtp
