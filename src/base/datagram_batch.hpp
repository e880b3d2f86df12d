#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "base/route.hpp"

namespace visavis {

/// What goes first overboard when the kernel takes no more: the least first.
enum class SendPriority : std::uint8_t {
  kUpperLayer,  ///< Without it the picture is coarser, and stands.
  kVideo,
  kAudio,
  kControl,  ///< STUN, DTLS, RTCP: few and small, and a call ends without them.
};
inline constexpr std::size_t kSendPriorityCount = 4;

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
    SendPriority priority = SendPriority::kControl;
  };

  explicit DatagramBatch(std::size_t cells_max)
      : cells_left_(cells_max), bytes_(cells_max * kCellBytes) {
    cells_.reserve(cells_max);
  }

  [[nodiscard]] bool full() const { return cells_left_ == 0; }
  [[nodiscard]] bool empty() const { return cells_.empty(); }

  /// `kCellBytes` to write into; the batch must not be full.
  [[nodiscard]] MutableBytes reserve() {
    check(!full());
    return MutableBytes(bytes_).subspan(used_, kCellBytes);
  }
  /// Keeps the first `size` bytes of the reserved cell.
  void commit(const Route& route, std::size_t size,
              SendPriority priority = SendPriority::kControl) {
    check(!full() && size <= kCellBytes);
    cells_.emplace_back(route, used_, size, priority);  // In place: a copy would wait for itself.
    used_ += size;
    --cells_left_;
  }

  [[nodiscard]] const std::vector<Cell>& cells() const { return cells_; }
  [[nodiscard]] MutableBytes bytes(const Cell& cell) {
    return MutableBytes(bytes_).subspan(cell.offset, cell.size);
  }

  void clear() {
    cells_left_ += cells_.size();
    cells_.clear();
    used_ = 0;
  }

 private:
  std::size_t cells_left_;
  std::size_t used_ = 0;
  Buffer bytes_;
  std::vector<Cell> cells_;
};

}  // namespace visavis
