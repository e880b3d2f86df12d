#include "sfu/work_list.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "sfu/routed_peer.hpp"
#include "sfu/stream.hpp"

namespace visavis::sfu {

void WorkList::mark(RoutedPeer& peer) {
  if (peer.has_work) {
    return;
  }
  peer.has_work = true;
  if (peers_.size() == peers_.capacity() && next_ > peers_.size() / 2) {
    peers_.erase(peers_.begin(), place_of_next() - 1);  // The last taken may be put back.
    next_ = 1;
  }
  peers_.push_back(&peer);
}

void WorkList::mark(Stream& stream) {
  if (!stream.has_news) {
    stream.has_news = true;
    streams_.push_back(&stream);
  }
}

void WorkList::forget(RoutedPeer& peer) {
  peer.has_work = false;
  peers_.erase(std::remove(place_of_next(), peers_.end(), &peer), peers_.end());
}

void WorkList::forget(Stream& stream) {
  stream.has_news = false;
  std::erase(streams_, &stream);
}

RoutedPeer* WorkList::take_peer() {
  if (next_ == peers_.size()) {
    peers_.clear();
    next_ = 0;
    return nullptr;
  }
  RoutedPeer* peer = peers_[next_++];
  peer->has_work = false;
  prefetch_next();
  return peer;
}

void WorkList::put_back(RoutedPeer& peer) {
  if (peer.has_work) {
    return;  // Marked since: it has its place.
  }
  check(next_ > 0);
  peer.has_work = true;
  peers_[--next_] = &peer;
}

// What each step asks for is where the step before it has looked.
void WorkList::prefetch_next() const {
  constexpr std::size_t kFirstAhead = 4;
  constexpr std::size_t kSecondAhead = 2;
  const std::size_t left = peers_.size() - next_;
  if (left > kLookAhead) {
    peers_[next_ + kLookAhead]->prefetch_self();
  }
  if (left > kFirstAhead) {
    peers_[next_ + kFirstAhead]->prefetch_first();
  }
  if (left > kSecondAhead) {
    peers_[next_ + kSecondAhead]->prefetch_second();
  }
}

Stream* WorkList::take_stream() {
  if (streams_.empty()) {
    return nullptr;
  }
  Stream* stream = streams_.back();
  streams_.pop_back();
  stream->has_news = false;
  return stream;
}

}  // namespace visavis::sfu
