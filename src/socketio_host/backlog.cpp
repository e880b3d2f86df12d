#include "socketio_host/backlog.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace visavis::socketio {
namespace {

/// What a post takes besides its bytes, about.
constexpr std::size_t kPostBytes = 512;
/// A gap for more than these is one for all: that is coarser, and takes no more memory.
constexpr std::size_t kAudiencesMax = 32;
constexpr std::size_t kNamespacesMax = 1000;
/// The name that stands for all namespaces.
constexpr std::string_view kEveryNamespace;

std::size_t bytes_of(const std::vector<std::string>& texts) {
  std::size_t bytes = 0;
  for (const std::string& text : texts) {
    bytes += sizeof(std::string) + text.size();
  }
  return bytes;
}

std::size_t bytes_of(const SharedEvent& event) {
  std::size_t bytes = event.list.size();
  for (const SharedBytes& attachment : event.attachments) {
    bytes += attachment->size();
  }
  return bytes;
}

std::size_t bytes_of(const ClusterMessage& message) {
  std::size_t bytes = bytes_of(message.audience.rooms) + bytes_of(message.audience.except) +
                      bytes_of(message.rooms) + (message.event ? bytes_of(*message.event) : 0);
  for (const ClusterSocket& socket : message.sockets) {
    bytes += kPostBytes + bytes_of(socket.rooms) + socket.data.text.size();
  }
  if (message.transfer) {
    bytes += bytes_of(message.transfer->rooms);
    for (const auto& event : message.transfer->missed) {
      bytes += event ? bytes_of(*event) : 0;
    }
  }
  return bytes;
}

std::size_t bytes_of(const Backlog::Post& post) {
  const auto* const message = std::get_if<ClusterMessage>(&post);
  return message != nullptr ? bytes_of(*message) : std::get<0>(post)->held_bytes();
}

bool is_broadcast(const ClusterMessage& message) {
  return message.type == ClusterMessage::Type::kBroadcast && message.request_id.empty();
}

/// Whether sockets are not what they should be when this is lost, and nobody is told.
bool leaves_gap(const ClusterMessage& message) {
  switch (message.type) {
    case ClusterMessage::Type::kBroadcast:
      return message.request_id.empty() && !message.flags.is_volatile;
    case ClusterMessage::Type::kSocketsJoin:
    case ClusterMessage::Type::kSocketsLeave:
    case ClusterMessage::Type::kDisconnectSockets: return true;
    default: return false;
  }
}

}  // namespace

Backlog::Backlog(std::size_t bytes_max)
    : bytes_max_(bytes_max), posts_((2 * bytes_max / kPostBytes) + 2) {}

bool Backlog::put(Post post, net::Wake wake) {
  const auto* const message = std::get_if<ClusterMessage>(&post);
  const std::size_t bytes = kPostBytes + bytes_of(post);
  const bool may_be_lost = message != nullptr && is_broadcast(*message);
  if (!reserve(bytes, may_be_lost ? bytes_max_ : 2 * bytes_max_)) {
    note_lost(post);
    return false;
  }
  Waiting waiting{.post = std::move(post), .bytes = bytes};
  if (posts_.put(std::move(waiting), wake)) {
    return true;
  }
  // Cannot be but with a limit of a few bytes: each post counts for `kPostBytes` at least.
  bytes_ -= bytes;
  note_lost(waiting.post);  // NOLINT(bugprone-use-after-move): it was not taken
  return false;
}

/// One that is larger than the limit goes alone.
bool Backlog::reserve(std::size_t bytes, std::size_t limit) {
  const std::size_t before = bytes_.fetch_add(bytes);
  if (before > 0 && before + bytes > limit) {
    bytes_ -= bytes;
    return false;
  }
  return true;
}

void Backlog::note_lost(const Post& post) {
  const auto* const message = std::get_if<ClusterMessage>(&post);
  if (message == nullptr || !leaves_gap(*message)) {
    return;
  }
  const std::lock_guard lock(gap_mutex_);
  if (add_to_gap(*message)) {
    // There is room for one mark always, and never are there two.
    static_cast<void>(posts_.put({.post = {}, .bytes = 0, .marks_gap = true}));
  }
}

/// True: it is the first, and has no mark yet.
bool Backlog::add_to_gap(const ClusterMessage& message) {
  const bool first = gap_.empty();
  const bool crowded = gap_.size() >= kNamespacesMax && !gap_.contains(message.name_space);
  const auto [of, added] =
      gap_.try_emplace(crowded ? std::string(kEveryNamespace) : message.name_space);
  std::vector<Audience>& audiences = of->second;
  const bool everybody = !added && audiences.empty();
  if (crowded || everybody || std::ranges::find(audiences, message.audience) != audiences.end()) {
    return first;
  }
  if (audiences.size() >= kAudiencesMax) {
    audiences.clear();
  } else {
    audiences.push_back(message.audience);
  }
  return first;
}

void Backlog::take(const std::function<void(Post)>& taken) {
  // One more, which finds it empty and so clears the wake-up.
  for (std::size_t due = posts_.size() + 1; due > 0; --due) {
    std::optional<Waiting> waiting = posts_.take();
    if (!waiting) {
      return;
    }
    bytes_ -= waiting->bytes;
    if (waiting->marks_gap) {
      take_gap(taken);
    } else {
      taken(std::move(waiting->post));
    }
  }
}

void Backlog::take_gap(const std::function<void(Post)>& taken) {
  Gap gap;
  {
    const std::lock_guard lock(gap_mutex_);
    gap.swap(gap_);
  }
  for (auto& [name_space, audiences] : gap) {
    if (audiences.empty()) {
      audiences.emplace_back();
    }
    for (Audience& audience : audiences) {
      taken(ClusterMessage{.type = ClusterMessage::Type::kMissed,
                           .name_space = name_space,
                           .audience = std::move(audience)});
    }
  }
}

}  // namespace visavis::socketio
