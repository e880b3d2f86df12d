#include "sfu/stream_table.hpp"

#include <utility>

#include "base/check.hpp"
#include "sfu/stream.hpp"

namespace visavis::sfu {

StreamTable::StreamTable() = default;
StreamTable::~StreamTable() = default;

StreamRef StreamTable::place_for_next() {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(places_.size()));
    places_.emplace_back();
  }
  return {.index = free_.back(), .generation = places_[free_.back()].generation};
}

Stream& StreamTable::add(std::unique_ptr<Stream> stream) {
  check(!free_.empty() && stream->ref().index == free_.back());
  Place& place = places_[free_.back()];
  by_id_.emplace(stream->id(), free_.back());
  free_.pop_back();
  place.stream = std::move(stream);
  return *place.stream;
}

void StreamTable::remove(StreamId id) {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) {
    return;
  }
  Place& place = places_[at->second];
  place.stream.reset();
  ++place.generation;
  free_.push_back(at->second);
  by_id_.erase(at);
}

Stream* StreamTable::find(StreamId id) const {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : places_[at->second].stream.get();
}

}  // namespace visavis::sfu
