#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.hpp"

namespace visavis {

/// How the number behind a key is made: a place in its low bits, which is used again, and a serial
/// number above it, so that the whole is never used again and later keys are greater.
inline constexpr unsigned kPlaceBits = 24;

[[nodiscard]] constexpr std::size_t place_of(std::uint64_t key) {
  return static_cast<std::size_t>(key & ((std::uint64_t{1} << kPlaceBits) - 1));
}

/// Gives out such keys, with places as low as can be. At most 2^24 at a time.
class PlaceKeys {
 public:
  [[nodiscard]] std::uint64_t take() {
    if (free_.empty()) {
      check(places_ < std::size_t{1} << kPlaceBits);
      free_.push_back(static_cast<std::uint32_t>(places_++));
    }
    const std::uint64_t place = free_.back();
    free_.pop_back();
    return (++serial_ << kPlaceBits) | place;
  }
  /// Every table that is indexed by the key has let go of it.
  void give_back(std::uint64_t key) { free_.push_back(static_cast<std::uint32_t>(place_of(key))); }

 private:
  std::uint64_t serial_ = 0;
  std::size_t places_ = 0;
  std::vector<std::uint32_t> free_;
};

/// Objects by keys with places: a look-up is an index and a comparison, and an entry a pointer.
/// `Of` says its own key by `key()`, a `Strong` number.
///
/// Keys that simply count up do as well; the table is as long as the highest place then.
template <class Of>
class PlaceTable {
 public:
  /// Its place must be free.
  Of& insert(std::unique_ptr<Of> of) {
    const std::size_t place = place_of(of->key().value());
    if (place >= entries_.size()) {
      entries_.resize(place + 1);
    }
    check(!entries_[place]);
    entries_[place] = std::move(of);
    ++size_;
    return *entries_[place];
  }
  /// Null if it is not there.
  template <class Key>
  [[nodiscard]] Of* find(Key key) const {
    const std::size_t place = place_of(key.value());
    Of* const of = place < entries_.size() ? entries_[place].get() : nullptr;
    return of != nullptr && of->key() == key ? of : nullptr;
  }
  /// Takes it out; null if it is not there.
  template <class Key>
  [[nodiscard]] std::unique_ptr<Of> extract(Key key) {
    if (find(key) == nullptr) {
      return nullptr;
    }
    --size_;
    return std::exchange(entries_[place_of(key.value())], nullptr);
  }
  /// In the order of their places.
  template <std::invocable<Of&> Visit>
  void visit(const Visit& visit) const {
    for (const std::unique_ptr<Of>& entry : entries_) {
      if (entry) {
        visit(*entry);
      }
    }
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::deque<std::unique_ptr<Of>> entries_;  // grows without a copy, and without slack
  std::size_t size_ = 0;
};

}  // namespace visavis
