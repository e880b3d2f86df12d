#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/route.hpp"

namespace visavis::peer {

/// A datagram that came too early or waits for its turn, and its way.
struct WaitingDatagram {
  Route route;
  Buffer bytes;
};

/// What several peers together may hold of media that came too early. It outlives them.
struct EarlyMediaBudget {
  std::size_t bytes_left = 0;
};

/// One peer's media that came before there were keys, oldest first. What it holds it takes from the
/// budget, and gives back when it goes; without a budget its own limit is the only one.
class EarlyMedia {
 public:
  /// A large keyframe, which nobody may be able to ask for again.
  static constexpr std::size_t kDatagramsMax = 64;

  explicit EarlyMedia(EarlyMediaBudget* budget) : budget_(budget) {}
  EarlyMedia(EarlyMedia&& other) noexcept
      : budget_(other.budget_), waiting_(std::exchange(other.waiting_, {})) {}
  EarlyMedia& operator=(EarlyMedia&& other) noexcept {
    if (this != &other) {
      clear();
      budget_ = other.budget_;
      waiting_ = std::exchange(other.waiting_, {});
    }
    return *this;
  }
  EarlyMedia(const EarlyMedia&) = delete;
  EarlyMedia& operator=(const EarlyMedia&) = delete;
  ~EarlyMedia() { clear(); }

  /// False: there is no room for it.
  [[nodiscard]] bool keep(const Route& route, Bytes datagram) {
    const std::size_t cost = cost_of(datagram);
    if (waiting_.size() == kDatagramsMax || (budget_ != nullptr && budget_->bytes_left < cost)) {
      return false;
    }
    if (budget_ != nullptr) {
      budget_->bytes_left -= cost;
    }
    waiting_.push_back({route, to_buffer(datagram)});
    return true;
  }
  [[nodiscard]] std::optional<WaitingDatagram> take() {
    if (waiting_.empty()) {
      return std::nullopt;
    }
    WaitingDatagram oldest = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    give_back(oldest);
    if (waiting_.empty()) {
      waiting_ = {};  // Most peers never need it again.
    }
    return oldest;
  }
  void clear() {
    for (const WaitingDatagram& each : std::exchange(waiting_, {})) {
      give_back(each);
    }
  }

 private:
  static std::size_t cost_of(Bytes datagram) { return datagram.size() + sizeof(WaitingDatagram); }
  void give_back(const WaitingDatagram& datagram) {
    if (budget_ != nullptr) {
      budget_->bytes_left += cost_of(datagram.bytes);
    }
  }

  EarlyMediaBudget* budget_;
  std::vector<WaitingDatagram> waiting_;
};

}  // namespace visavis::peer
