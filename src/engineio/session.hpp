#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "engineio/server.hpp"
#include "http/query.hpp"

namespace visavis::engineio {

/// A session as the server keeps it. On WebSocket its messages wait in the connection's queue, on
/// polling in this one.
struct Server::Session {
  /// What the heartbeat waits for.
  enum class Timer : std::uint8_t { kNone, kPing, kPong, kFarewell };
  struct Queued {
    SharedMessage message;  ///< null: a packet of one letter
    char control = 0;
  };
  /// A GET without an answer yet.
  struct Poll {
    http::RequestId id;
    http::Headers headers;  ///< that its answer must bear
  };

  SessionHandle handle;
  /// Shared with the call of `Handlers::open` that may close the session.
  std::shared_ptr<const Handshake> handshake;
  /// Closed for its owner; the client has to come once more to hear of it.
  bool closing = false;

  std::vector<Queued> queue;
  std::size_t queued_bytes = 0;
  std::optional<Poll> poll;
  std::optional<http::RequestId> post;  ///< whose body is on its way

  WebSocket* socket = nullptr;  ///< the transport, once it is a WebSocket
  WebSocket* probe = nullptr;   ///< asks to become it
  bool probed = false;          ///< the client waits for its polls to be answered
  bool overflowed = false;
  bool above_mark = false;  ///< of its high water, until what waits has left

  Timer timer = Timer::kNone;
  bool pong_extended = false;  ///< other packets have proved it alive once already
  DeadlineQueue<SessionHandle>::Place timer_place;
  std::optional<DeadlineQueue<SessionHandle>::Place> probe_due;
};

/// The parameters of a request that the protocol knows. As with Node, the last of a name counts.
struct Server::Query {
  explicit Query(std::string_view query) {
    for (auto& [name, value] : http::parse_query(query)) {
      if (name == "transport") {
        transport = std::move(value);
      } else if (name == "sid") {
        sid = std::move(value);
      } else if (name == "EIO") {
        revision = std::move(value);
      }
    }
  }

  std::string transport;
  std::string sid;
  std::string revision;
};

}  // namespace visavis::engineio
