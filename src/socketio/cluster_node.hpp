#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "socketio/cluster.hpp"

namespace visavis::socketio {

class Namespace;
class Server;

/// What another server wrote, as arguments from `first` on; nothing if it wrote none.
[[nodiscard]] std::optional<Arguments> read_event(const SharedEvent* event, std::size_t first);

/// One server's part in its cluster: what it has asked the others, and what it does for them. Inner
/// to the module.
class ClusterNode {
 public:
  /// Something asked of all others.
  struct Request {
    std::size_t servers_due = 0;
    std::size_t clients_due = 0;
    std::move_only_function<void(ClusterMessage&)> answered;
    /// Called once: all have answered, or the time is over and these did not.
    std::move_only_function<void(std::size_t servers, std::size_t clients)> ended;
  };

  ClusterNode(Server& server, Cluster& cluster, std::string id);

  [[nodiscard]] const std::string& id() const { return id_; }
  /// What each server, this one too, has published so far. Entries stay: they can be referred to.
  [[nodiscard]] const Heard& heard() const { return heard_; }
  void publish(const Namespace& from, ClusterMessage message);
  /// Sends the message with an id of its own, and waits for the answers. False when there is nobody
  /// to be asked; `request` is not called then.
  bool ask(const Namespace& from, ClusterMessage message, Duration timeout, Request request);

  void handle(ClusterMessage message);
  void handle_timeout(Instant now);
  [[nodiscard]] Instant next_timeout() const;

 private:
  void handle_answer(ClusterMessage& message);
  void handle_request(ClusterMessage message);
  void answer_broadcast(Namespace& of, ClusterMessage message);
  void answer_fetch(Namespace& of, const ClusterMessage& message);
  void answer_event(Namespace& of, const ClusterMessage& message);
  void answer_claim(Namespace& of, const ClusterMessage& message);
  /// A session from another server that had heard more than we have: it waits until we have heard
  /// that, too. What comes twice must be seen to be in it already.
  [[nodiscard]] bool is_ahead(const SessionTransfer& transfer) const;
  void take_session(ClusterMessage& message);
  void take_arrived(Instant now);
  void answer_nothing(const ClusterMessage& message);
  void respond(const ClusterMessage& request, ClusterMessage response);
  void end(std::uint64_t number);

  struct Pending {
    Instant expires;
    Request request;
  };

  Server& server_;
  Cluster& cluster_;
  std::string id_;
  std::uint64_t last_request_ = 0;
  std::map<std::uint64_t, Pending> pending_;
  std::set<std::pair<Instant, std::uint64_t>> deadlines_;
  Heard heard_;
  struct Arrived {
    Instant until;  ///< then it is taken as it is: what it waits for was lost
    ClusterMessage message;
  };
  std::vector<Arrived> arrived_;
};

}  // namespace visavis::socketio
