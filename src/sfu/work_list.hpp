#pragma once

#include <cstddef>
#include <vector>

namespace visavis::sfu {

class RoutedPeer;
class Stream;

/// Who has something to do when this wake-up is flushed: streams with new packets, and peers with
/// something to send or a deadline that moved. Marking twice is marking once. Peers come in the
/// order they were marked: who was served waits behind who was not.
class WorkList {
 public:
  void mark(RoutedPeer& peer);
  void mark(Stream& stream);
  /// Must be called before the object dies.
  void forget(RoutedPeer& peer);
  void forget(Stream& stream);

  /// The next one, unmarked; null when there is none.
  [[nodiscard]] RoutedPeer* take_peer();
  /// The one just taken, which is not done: it is the next again, unless it was marked meanwhile.
  void put_back(RoutedPeer& peer);
  [[nodiscard]] Stream* take_stream();
  [[nodiscard]] bool empty() const { return next_ == peers_.size() && streams_.empty(); }

 private:
  /// How many peers ahead of the one whose turn it is.
  static constexpr std::size_t kLookAhead = 7;

  void prefetch_next() const;
  [[nodiscard]] std::vector<RoutedPeer*>::iterator place_of_next() {
    return peers_.begin() + static_cast<std::ptrdiff_t>(next_);
  }

  std::vector<RoutedPeer*> peers_;  ///< From `next_` on; those before it have been taken.
  std::size_t next_ = 0;
  std::vector<Stream*> streams_;
};

}  // namespace visavis::sfu
