#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/prefetch.hpp"

namespace visavis {

/// Objects by a name that each bears itself: nothing but a pointer is kept, in one flat table of
/// which at most `kTakenPercent` are taken (linear probing). Each step of a search looks at an
/// object: 2.5 for a name that is here and 8.5 for one that is not, at three quarters; 1.5 and 2.5
/// at a half.
///
/// `Hash` takes an object or a name and gives the same for both; `Same` compares them. A name must
/// not change while its object is here, and objects are lent.
template <class Of, class Hash, class Same, std::size_t kTakenPercent = 75>
class PointerSet {
 public:
  explicit PointerSet(Hash hash = {}) : hash_(std::move(hash)) {}

  /// No object of its name may be here.
  void insert(Of& of) {
    if ((size_ + 1) * 100 > table_.size() * kTakenPercent) {
      grow();
    }
    table_[free_place(hash_(of))] = &of;
    ++size_;
  }
  /// It must be here.
  void erase(Of& of) {
    std::size_t hole = home(hash_(of));
    while (table_[hole] != &of) {
      hole = after(hole);
    }
    // Who stands behind moves up, unless that is before its own home.
    for (std::size_t at = after(hole); table_[at] != nullptr; at = after(at)) {
      const std::size_t wanted = home(hash_(*table_[at]));
      if (((at - wanted) & mask()) >= ((at - hole) & mask())) {
        table_[std::exchange(hole, at)] = table_[at];
      }
    }
    table_[hole] = nullptr;
    --size_;
  }
  /// Null if there is none of this name.
  template <class Name>
  [[nodiscard]] Of* find(const Name& name) const {
    if (table_.empty()) {
      return nullptr;
    }
    std::size_t at = home(hash_(name));
    while (table_[at] != nullptr && !Same{}(*table_[at], name)) {
      at = after(at);
    }
    return table_[at];
  }
  /// A hint for a `find()` that comes soon: asks for the object that is most likely it.
  template <class Name>
  void prefetch(const Name& name) const {
    if (!table_.empty()) {
      prefetch_line(table_[home(hash_(name))]);
    }
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t kSmallest = 16;

  [[nodiscard]] std::size_t mask() const { return table_.size() - 1; }
  [[nodiscard]] std::size_t home(std::size_t hash) const { return hash & mask(); }
  [[nodiscard]] std::size_t after(std::size_t at) const { return (at + 1) & mask(); }
  [[nodiscard]] std::size_t free_place(std::size_t hash) const {
    std::size_t at = home(hash);
    while (table_[at] != nullptr) {
      at = after(at);
    }
    return at;
  }
  void grow() {
    const std::size_t size = table_.empty() ? kSmallest : table_.size() * 2;
    for (Of* const of : std::exchange(table_, std::vector<Of*>(size))) {
      if (of != nullptr) {
        table_[free_place(hash_(*of))] = of;
      }
    }
  }

  std::vector<Of*> table_;  // as long as a power of two; null: free
  std::size_t size_ = 0;
  [[no_unique_address]] Hash hash_;
};

}  // namespace visavis
