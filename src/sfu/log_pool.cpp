#include "sfu/log_pool.hpp"

#include <utility>

#include "base/check.hpp"

namespace visavis::sfu {

std::unique_ptr<LogChunk> LogPool::take() {
  if (taken_ == chunks_max_) {
    return nullptr;
  }
  ++taken_;
  if (idle_.empty()) {
    return std::make_unique_for_overwrite<LogChunk>();
  }
  auto chunk = std::move(idle_.back());
  idle_.pop_back();
  return chunk;
}

void LogPool::give_back(std::unique_ptr<LogChunk> chunk) {
  check(chunk != nullptr && taken_ > 0);
  --taken_;
  if (idle_.size() < kIdleMax) {
    chunk->used = 0;
    chunk->entries = 0;
    idle_.push_back(std::move(chunk));
  }
}

}  // namespace visavis::sfu
