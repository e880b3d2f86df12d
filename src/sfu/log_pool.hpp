#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace visavis::sfu {

/// A piece of a log's memory. Packets lie in it one behind the other, in the order they arrived.
struct LogChunk {
  /// About 50 video packets: an audio log (a few kB/s) makes do with two, a full video log has 64.
  static constexpr std::size_t kBytes = std::size_t{64} << 10U;

  std::size_t used = 0;
  std::uint32_t entries = 0;  ///< Packets in it that their log still holds.
  std::array<std::byte, kBytes> bytes;
};

/// The memory of all logs of one worker: bounded, and handed round without going to the allocator.
class LogPool {
 public:
  explicit LogPool(std::size_t bytes_max) : chunks_max_(bytes_max / LogChunk::kBytes) {}

  /// An empty chunk; null when all that the worker may hold is in use.
  [[nodiscard]] std::unique_ptr<LogChunk> take();
  void give_back(std::unique_ptr<LogChunk> chunk);

  [[nodiscard]] std::size_t bytes_taken() const { return taken_ * LogChunk::kBytes; }

 private:
  /// Kept for the next who asks; more than 4 MB idle goes back to the system.
  static constexpr std::size_t kIdleMax = 64;

  std::size_t chunks_max_;
  std::size_t taken_ = 0;
  std::vector<std::unique_ptr<LogChunk>> idle_;
};

}  // namespace visavis::sfu
