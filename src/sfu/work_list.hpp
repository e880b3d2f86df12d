#pragma once

#include <vector>

namespace visavis::sfu {

class RoutedPeer;
class Stream;

/// Who has something to do when this wake-up is flushed: streams with new packets, and peers with
/// something to send or a deadline that moved. Marking twice is marking once.
class WorkList {
 public:
  void mark(RoutedPeer& peer);
  void mark(Stream& stream);
  /// Must be called before the object dies.
  void forget(RoutedPeer& peer);
  void forget(Stream& stream);

  /// The next one, unmarked; null when there is none.
  [[nodiscard]] RoutedPeer* take_peer();
  [[nodiscard]] Stream* take_stream();
  [[nodiscard]] bool empty() const { return peers_.empty() && streams_.empty(); }

 private:
  /// How many peers ahead of the one whose turn it is.
  static constexpr std::size_t kLookAhead = 8;

  void prefetch_next() const;

  std::vector<RoutedPeer*> peers_;
  std::vector<Stream*> streams_;
};

}  // namespace visavis::sfu
