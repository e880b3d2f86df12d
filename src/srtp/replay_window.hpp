#pragma once

#include <array>
#include <cstdint>

namespace visavis::srtp {

/// Which of the newest indices of one source have been opened (RFC 3711 §3.3.2).
class ReplayWindow {
 public:
  /// A retransmission on the media's own SSRC comes a second late at most, in a stream of 1000
  /// packets a second. The standard asks for 64.
  static constexpr std::uint64_t kEntries = 1024;

  [[nodiscard]] std::uint64_t newest() const { return newest_; }

  /// Whether `index` was neither accepted before nor is older than the window.
  [[nodiscard]] bool fresh(std::uint64_t index) const {
    if (empty_ || index > newest_) {
      return true;
    }
    return newest_ - index < kEntries && (word(index) >> (index % kWordBits) & 1U) == 0;
  }

  /// Only for an index that is fresh and whose packet is authentic.
  void accept(std::uint64_t index) {
    if (empty_) {
      empty_ = false;
      newest_ = index;
    }
    // A word is cleared when the window's front enters it.
    for (std::uint64_t at = (newest_ / kWordBits) + 1; at <= index / kWordBits; ++at) {
      words_[at % words_.size()] = 0;
      if (at - newest_ / kWordBits >= words_.size()) {
        break;
      }
    }
    newest_ = index > newest_ ? index : newest_;
    words_[index / kWordBits % words_.size()] |= std::uint64_t{1} << (index % kWordBits);
  }

 private:
  static constexpr std::uint64_t kWordBits = 64;

  [[nodiscard]] std::uint64_t word(std::uint64_t index) const {
    return words_[index / kWordBits % words_.size()];
  }

  // One word more than the window, for the word that its front is in.
  std::array<std::uint64_t, (kEntries / kWordBits) + 1> words_{};
  std::uint64_t newest_ = 0;
  bool empty_ = true;
};

}  // namespace visavis::srtp
