#pragma once

#include <any>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/shared_bytes.hpp"
#include "base/time.hpp"
#include "json/writer.hpp"
#include "socketio/broadcast_operator.hpp"
#include "socketio/handshake.hpp"

namespace visavis::socketio {

/// The arguments of an event or an answer between servers: a JSON array, placeholders where bytes
/// were, and the bytes. Never changed, so threads may share it.
struct SharedEvent {
  std::string list;
  std::vector<SharedBytes> attachments;
};

/// A socket as another server tells of it.
struct ClusterSocket {
  std::string id;
  Handshake handshake;
  std::vector<std::string> rooms;
  json::Raw data;  ///< what `Namespace::describe_data()` made of it; "null" without
};

/// Of each server by its id, the number of the last message that it published.
using Heard = std::map<std::string, std::uint64_t, std::less<>>;

/// A session on its way to the server that its client came back to (connection state recovery). The
/// question names `pid` and `offset`, the answer has all.
struct SessionTransfer {
  std::string pid;
  std::optional<std::string> offset;  ///< of the last event that the client has, if it has one
  std::string sid{};
  std::vector<std::string> rooms{};
  std::shared_ptr<std::any> data{};  ///< of the user; only threads of one process can pass it on
  std::vector<std::shared_ptr<const SharedEvent>> missed{};  ///< the oldest first
  Heard heard{};  ///< what of the others' is in `missed` already
};

/// What the servers of a cluster say to each other. The types, and who acts on them, are those of
/// Node's cluster adapters, whose numbers they have.
struct ClusterMessage {
  enum class Type : std::uint8_t {
    kBroadcast = 3,  ///< `event`, `audience`, `flags`; with `request_id` and `timeout`: asks
    kSocketsJoin = 4,
    kSocketsLeave = 5,
    kDisconnectSockets = 6,
    kFetchSockets = 7,
    kFetchSocketsResponse = 8,
    kServerSideEmit = 9,           ///< `event`; with `request_id`: asks
    kServerSideEmitResponse = 10,  ///< no `event`: nobody there answers
    kBroadcastClientCount = 11,    ///< so many clients have been asked
    kBroadcastAck = 12,            ///< one client's answer; no `event`: it will not come
    // Not Node's, whose clusters keep sessions in a store:
    kSessionClaim = 64,  ///< `transfer`: whoever has this session gives it away
    kSession = 65,       ///< no `transfer`: not here
    /// From the way itself to the server that it leads to: it has lost something for this
    /// `audience` (of all namespaces, without a name). These sockets end with "transport error" and
    /// cannot recover, so that their clients know that they have missed something.
    kMissed = 66,
  };

  Type type = Type::kBroadcast;
  std::string sender{};
  std::uint64_t number = 0;  ///< of this among what `sender` publishes, from 1; 0: a response
  std::string name_space{};
  std::string request_id{};
  Audience audience{};
  EmitFlags flags{};
  std::shared_ptr<const SharedEvent> event{};  // shared by all who send and receive it
  std::vector<std::string> rooms{};
  bool close = false;
  std::size_t client_count = 0;
  Duration timeout{};
  std::vector<ClusterSocket> sockets{};
  std::shared_ptr<const SessionTransfer> transfer{};  // may be large, and is never changed
};

/// The way between the servers of a cluster: threads of one process, or Redis. It carries messages,
/// the rest is the server's: what comes in is given to `Server::handle_cluster()`. Messages of one
/// sender must come in the order of their sending; calls come from inside of the server's.
class Cluster {
 public:
  Cluster() = default;
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  virtual ~Cluster() = default;

  /// To every other server.
  virtual void publish(ClusterMessage message) = 0;
  /// To the server that bears this id.
  virtual void respond(std::string_view to, ClusterMessage message) = 0;
  /// How many others what is published now will reach: so many answers are waited for.
  [[nodiscard]] virtual std::size_t others() const = 0;
};

}  // namespace visavis::socketio
