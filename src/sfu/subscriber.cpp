#include "sfu/subscriber.hpp"

#include <algorithm>

#include "sfu/routed_peer.hpp"

namespace visavis::sfu {

Subscriber::Subscriber(RoutedPeer& owner, PeerId peer, RouterParts& parts)
    : viewer_(owner), parts_(parts) {
  viewer_.peer = peer;
}

void Subscriber::update(Instant now, const PeerSetup& setup, std::size_t slots_max) {
  const bool media_changed = viewer_.media != setup.media;
  viewer_.media = setup.media;
  for (const auto& slot : slots_) {
    if (media_changed) {
      slot->handle_media_changed(now);
    }
  }
  for (const rtp::SlotLine& line : setup.slots) {
    if (find(SlotIndex(line.slot)) != nullptr) {
      continue;
    }
    if (slots_.size() == slots_max) {
      parts_.counters.refuse(RefusalReason::kTooManySlots);
      return;
    }
    slots_.push_back(std::make_unique<Slot>(line, viewer_, parts_));
  }
  viewer_.news.reserve(slots_.size());
}

void Subscriber::set_ready(Instant now, bool ready) {
  if (ready == viewer_.ready) {
    return;
  }
  viewer_.ready = ready;
  for (const auto& slot : slots_) {
    if (ready) {
      slot->begin(now);
    } else {
      slot->pause();
    }
  }
}

Slot* Subscriber::find(SlotIndex index) const {
  const auto at = std::ranges::find(slots_, index, [](const auto& slot) { return slot->index(); });
  return at == slots_.end() ? nullptr : at->get();
}

// Audio first, for it is small and is missed first; then repairs, which others wait behind; then
// video in turns, so that of many tiles each has its keyframe early.
Subscriber::Progress Subscriber::send(const SendTime& time, Outlet& outlet) {
  paced_ = false;
  gather_news();
  if (!viewer_.ready) {
    forget_idle();
    return Progress::kDone;
  }
  if (tick_at_ == Instant::min() || time.now - tick_at_ >= kTick) {
    tick_at_ = time.now;
    tick_left_ = kTickPackets;
  }
  const bool all_written =
      send_audio(time, outlet) && send_repairs(time, outlet) && send_video(time, outlet);
  forget_idle();
  if (!all_written) {
    return Progress::kFull;
  }
  paced_ = !viewer_.news.empty();
  return paced_ ? Progress::kPaced : Progress::kDone;
}

Instant Subscriber::next_timeout() const {
  if (!viewer_.ready) {
    return kNever;
  }
  return std::min(viewer_.reports_at, paced_ ? tick_at_ + kTick : kNever);
}

void Subscriber::take_news(Slot& slot) {
  if (!slot.has_news) {
    slot.has_news = true;
    viewer_.news.push_back(&slot);
  }
}

void Subscriber::gather_news() {
  WokenSlots& woken = viewer_.owner.woken;
  if (woken.too_many()) {
    for (const auto& slot : slots_) {
      take_news(*slot);
    }
  } else {
    woken.for_each([this](Slot& slot) { take_news(slot); });
  }
  woken.clear();
}

bool Subscriber::send_audio(const SendTime& time, Outlet& outlet) {
  for (Slot* slot : viewer_.news) {
    while (slot->is_audio() && (slot->has_repairs() || slot->has_backlog())) {
      if (outlet.full()) {
        return false;
      }
      if (!slot->send_repair(time, outlet) && !slot->send_next(time, outlet)) {
        break;
      }
    }
  }
  return true;
}

bool Subscriber::send_repairs(const SendTime& time, Outlet& outlet) {
  for (Slot* slot : viewer_.news) {
    while (slot->has_repairs() && tick_left_ > 0) {
      if (outlet.full()) {
        return false;
      }
      --tick_left_;
      static_cast<void>(slot->send_repair(time, outlet));
    }
  }
  return true;
}

bool Subscriber::send_video(const SendTime& time, Outlet& outlet) {
  bool somebody_sent = true;
  while (somebody_sent && tick_left_ > 0) {
    const std::uint32_t left_before = tick_left_;
    for (Slot* slot : viewer_.news) {
      if (!take_turn(*slot, time, outlet)) {
        return false;
      }
    }
    somebody_sent = tick_left_ != left_before;
  }
  if (viewer_.news.size() > 1) {
    std::ranges::rotate(viewer_.news, viewer_.news.begin() + 1);  // Another is first next time.
  }
  return true;
}

bool Subscriber::take_turn(Slot& slot, const SendTime& time, Outlet& outlet) {
  if (slot.is_audio()) {
    return true;
  }
  for (std::size_t sent = 0; sent < kTurnPackets && tick_left_ > 0; ++sent) {
    if (outlet.full()) {
      return !slot.has_backlog();
    }
    if (!slot.send_next(time, outlet)) {
      return true;
    }
    --tick_left_;
  }
  return true;
}

void Subscriber::forget_idle() {
  std::erase_if(viewer_.news, [this](Slot* slot) {
    const bool busy = viewer_.ready && (slot->has_repairs() || slot->has_backlog());
    slot->has_news = busy;
    return !busy;
  });
}

}  // namespace visavis::sfu
