#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engineio/server.hpp"
#include "http/query.hpp"

namespace visavis::engineio {

/// The last letter of a session's id, by the index of its shard.
inline constexpr std::string_view kShardLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A session as the server keeps it. On WebSocket its messages wait in the connection's queue, on
/// polling in this one.
struct Server::Session : DeadlineLink {
  /// What the heartbeat waits for.
  enum class Timer : std::uint8_t { kNone, kPing, kPong, kSign, kFarewell };
  struct Queued {
    SharedMessage message;  ///< null: a packet of one letter
    char control = 0;
    bool compress = true;
  };
  /// A GET without an answer yet.
  struct Poll {
    http::RequestId id;
    http::Headers headers;  ///< that its answer must bear
    std::optional<http::Coding> coding;
  };

  SessionHandle handle;
  [[nodiscard]] SessionHandle key() const { return handle; }
  /// Shared with the call of `Handlers::open` that may close the session.
  std::shared_ptr<const Handshake> handshake;
  bool base64 = false;  ///< revision 3: the client takes no bytes in payloads
  /// Closed for its owner; the client has to come once more to hear of it.
  bool closing = false;
  IpAddress address;  ///< that it counts for

  /// What a session needs until it is on WebSocket.
  struct Polling {
    std::vector<Queued> queue;
    std::size_t queued_bytes = 0;
    std::optional<Poll> poll;
    std::optional<http::RequestId> post;  ///< whose body is on its way
    WebSocket* probe = nullptr;           ///< asks to become the transport
    std::optional<DeadlineQueue<SessionHandle>::Place> probe_due;
    bool probed = false;  ///< the client waits for its polls to be answered
  };
  std::unique_ptr<Polling> polling;  ///< null: the transport is `socket`
  WebSocket* socket = nullptr;

  bool overflowed = false;
  bool above_mark = false;  ///< of its high water, until what waits has left

  Timer timer = Timer::kNone;  ///< which of the queues its link stands in
  bool pong_extended = false;  ///< other packets have proved it alive once already
};

/// The parameters of a request that the protocol knows; they point into its target, unless they had
/// to be decoded. As with Node, the last of a name counts.
struct Server::Query {
  explicit Query(std::string_view query) {
    std::string decoded_name;
    const bool plain = !query.contains('%') && !query.contains('+');
    const auto part = [plain](std::string_view text, std::string& storage) {
      return plain ? text : http::decoded_part(text, storage);
    };
    while (const auto parameter = http::take_parameter(query)) {
      const std::string_view name = part(parameter->name, decoded_name);
      if (name == "transport") {
        transport = part(parameter->value, decoded_[0]);
      } else if (name == "sid") {
        sid = part(parameter->value, decoded_[1]);
      } else if (name == "EIO") {
        revision = part(parameter->value, decoded_[2]);
      } else if (name == "b64") {
        base64 = !parameter->value.empty();
      } else if (name == "j") {
        jsonp = true;
      }
    }
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query() = default;

  std::string_view transport;
  std::string_view sid;
  std::string_view revision;
  bool base64 = false;
  bool jsonp = false;

 private:
  std::array<std::string, 3> decoded_;
};

/// A request of ours until it is answered.
struct Server::Exchange {
  http::RequestId id;
  http::Request request;
  http::Headers headers = {};  ///< that its answer will bear: CORS and what middlewares add
  bool upgrade = false;
  bool origin_allowed = false;  ///< by CORS
  unsigned revision = 4;
  bool base64 = false;
  IpAddress address = {};  ///< that its session counts for
};

struct Server::Pending {
  std::uint64_t number = 0;
  Exchange exchange;
  Stage stage = Stage::kCors;
  std::size_t index = 0;  ///< of the middleware
  bool asking = false;    ///< the hook is on the stack
  bool gone = false;      ///< its client has left meanwhile
  std::optional<Decision::Outcome> outcome = {};
  std::optional<DeadlineQueue<std::uint64_t>::Place> due = {};  ///< nothing: its time was over

  [[nodiscard]] std::size_t bytes() const { return exchange.request.body.size(); }
};

struct Server::Refusal {
  ErrorCode code;
  std::string message = {};  ///< empty: that of the code
  std::vector<ConnectionError::Detail> context = {};
  unsigned status = 0;  ///< 0: that of the code
};

}  // namespace visavis::engineio
