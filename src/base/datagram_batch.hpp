#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "base/route.hpp"

namespace visavis {

/// The datagrams of one wake-up, packed back to back in one buffer in the order they are to leave,
/// so that runs of equal size to one route can go out as one message (UDP_SEGMENT). A place in it
/// is a cell.
///
/// `reserve()` lends the next cell, the packet is born and sealed in it, `commit()` keeps it. Cells
/// stay where they are until `clear()`.
class DatagramBatch {
 public:
  /// No datagram of ours is larger: 1500 (Ethernet) less IPv4 and UDP headers, and a cipher's
  /// slack.
  static constexpr std::size_t kCellBytes = 1500;

  struct Cell {
    Route route;
    std::size_t offset = 0;
    std::size_t size = 0;
  };

  explicit DatagramBatch(std::size_t cells_max)
      : cells_max_(cells_max), bytes_(cells_max * kCellBytes) {
    cells_.reserve(cells_max);
  }

  [[nodiscard]] bool full() const { return cells_.size() == cells_max_; }
  [[nodiscard]] bool empty() const { return cells_.empty(); }

  /// `kCellBytes` to write into; the batch must not be full.
  [[nodiscard]] MutableBytes reserve() {
    check(!full());
    return MutableBytes(bytes_).subspan(used_, kCellBytes);
  }
  /// Keeps the first `size` bytes of the reserved cell.
  void commit(const Route& route, std::size_t size) {
    check(!full() && size <= kCellBytes);
    cells_.push_back({route, used_, size});
    used_ += size;
  }

  [[nodiscard]] const std::vector<Cell>& cells() const { return cells_; }
  [[nodiscard]] MutableBytes bytes(const Cell& cell) {
    return MutableBytes(bytes_).subspan(cell.offset, cell.size);
  }

  void clear() {
    cells_.clear();
    used_ = 0;
  }

 private:
  std::size_t cells_max_;
  std::size_t used_ = 0;
  Buffer bytes_;
  std::vector<Cell> cells_;
};

}  // namespace visavis
