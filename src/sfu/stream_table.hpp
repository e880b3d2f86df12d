#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "sfu/ids.hpp"

namespace visavis::sfu {

class Stream;

/// A stream as a slot remembers it: it may be closed meanwhile, then `StreamTable::find()` knows.
struct StreamRef {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;  ///< 0: no stream.

  friend bool operator==(const StreamRef&, const StreamRef&) = default;
};

/// All open streams of a worker.
class StreamTable {
 public:
  StreamTable();
  ~StreamTable();
  StreamTable(const StreamTable&) = delete;
  StreamTable& operator=(const StreamTable&) = delete;

  /// `stream` learns its place by `place_for_next()` before it is made.
  [[nodiscard]] StreamRef place_for_next();
  Stream& add(std::unique_ptr<Stream> stream);
  void remove(StreamId id);

  [[nodiscard]] Stream* find(StreamId id) const;
  [[nodiscard]] Stream* find(StreamRef ref) const {
    const bool here = ref.index < places_.size() && places_[ref.index].generation == ref.generation;
    return here ? places_[ref.index].stream.get() : nullptr;
  }
  [[nodiscard]] std::size_t size() const { return by_id_.size(); }

  template <class Visitor>
  void for_each(Visitor&& visit) const {
    for (const Place& place : places_) {
      if (place.stream != nullptr) {
        visit(*place.stream);
      }
    }
  }

 private:
  struct Place {
    std::unique_ptr<Stream> stream;
    std::uint32_t generation = 1;
  };
  std::vector<Place> places_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<StreamId, std::uint32_t> by_id_;
};

}  // namespace visavis::sfu
