#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "net/mailbox.hpp"
#include "net/travelling_connection.hpp"
#include "socketio/cluster.hpp"

namespace visavis::socketio {

/// What waits for one thread of a `ThreadedHost` from the others, limited in bytes: those of the
/// messages, and what connections have brought along. Any thread puts, one takes.
///
/// What finds no room is lost, but not silently: who asked for an answer is told that this thread
/// gave none; and the sockets that miss an event, or whose rooms should have changed, are dropped
/// like clients that read too slowly (`ClusterMessage::Type::kMissed`, where the lost one would
/// have stood). They come back, and know that they have missed something.
class Backlog {
 public:
  using Post = std::variant<std::unique_ptr<net::TravellingConnection>, ClusterMessage>;

  /// Broadcasts fill `bytes_max`; all else, which is rare and worse to lose, may take as much
  /// again.
  explicit Backlog(std::size_t bytes_max);

  /// False: no room, and it is lost.
  [[nodiscard]] bool put(Post post, net::Wake wake = net::Wake::kNow);
  void wake_taker() { posts_.wake_taker(); }
  /// What waits now, the oldest first; what comes meanwhile waits for the next call, so that the
  /// thread's own clients have their turn.
  void take(const std::function<void(Post)>& taken);

  /// Readable while something waits.
  [[nodiscard]] int fd() const { return posts_.fd(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Waiting {
    Post post;
    std::size_t bytes = 0;
    bool marks_gap = false;
  };
  /// Whom the lost ones were for, by namespace; no audience: everybody in it.
  using Gap = std::map<std::string, std::vector<Audience>>;

  [[nodiscard]] bool reserve(std::size_t bytes, std::size_t limit);
  void note_lost(const Post& post);
  [[nodiscard]] bool add_to_gap(const ClusterMessage& message);
  void take_gap(const std::function<void(Post)>& taken);

  const std::size_t bytes_max_;
  std::atomic<std::size_t> bytes_ = 0;
  net::Mailbox<Waiting> posts_;
  std::mutex gap_mutex_;  // only where something is lost
  Gap gap_;               // not empty: its mark waits among the posts
};

}  // namespace visavis::socketio
