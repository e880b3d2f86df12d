#include "sfu/work_list.hpp"

#include "sfu/routed_peer.hpp"
#include "sfu/stream.hpp"

namespace visavis::sfu {

void WorkList::mark(RoutedPeer& peer) {
  if (!peer.has_work) {
    peer.has_work = true;
    peers_.push_back(&peer);
  }
}

void WorkList::mark(Stream& stream) {
  if (!stream.has_news) {
    stream.has_news = true;
    streams_.push_back(&stream);
  }
}

void WorkList::forget(RoutedPeer& peer) {
  peer.has_work = false;
  std::erase(peers_, &peer);
}

void WorkList::forget(Stream& stream) {
  stream.has_news = false;
  std::erase(streams_, &stream);
}

RoutedPeer* WorkList::take_peer() {
  if (peers_.empty()) {
    return nullptr;
  }
  RoutedPeer* peer = peers_.back();
  peers_.pop_back();
  peer->has_work = false;
  prefetch_next();
  return peer;
}

// What each step asks for is where the step before it has looked.
void WorkList::prefetch_next() const {
  constexpr std::size_t kFirstAhead = 5;
  constexpr std::size_t kSecondAhead = 3;
  const std::size_t left = peers_.size();
  if (left >= kLookAhead) {
    peers_[left - kLookAhead]->prefetch_self();
  }
  if (left >= kFirstAhead) {
    peers_[left - kFirstAhead]->prefetch_first();
  }
  if (left >= kSecondAhead) {
    peers_[left - kSecondAhead]->prefetch_second();
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
