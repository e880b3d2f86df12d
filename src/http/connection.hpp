#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/callback.hpp"
#include "http/request_reader.hpp"
#include "http/server.hpp"

namespace visavis::http {

/// What a connection needs for requests, and no more once it is upgraded.
struct Server::Requests {
  std::size_t leaves_for = 0;
  Route* route = nullptr;
  std::unique_ptr<RequestReader> reader;
  std::size_t body_bytes = 0;  ///< of the request being read, counted in `bodies_bytes_`
  std::size_t discarded_bytes = 0;
  Buffer input;
  Callback<void(Instant)> aborted;
};

/// One connection as the server keeps it; an idle or upgraded one holds no buffer and no parser.
struct Server::Connection : DeadlineLink {
  enum class State : std::uint8_t {
    kIdle,        ///< between requests
    kReading,     ///< a request is on its way in
    kAnswering,   ///< a handler has the request
    kUpgraded,    ///< bytes belong to `stream`
    kDiscarding,  ///< refused; what the peer still sends is thrown away, so that it reads the
                  ///< answer
    kClosing,     ///< the host is told to close it
    kLeaving,     ///< the host is told to bring it to another server
  };

  ConnectionId id;
  SocketAddress remote;
  bool secure = false;
  State state = State::kIdle;
  bool advancing = false;  ///< `advance` is on the stack: `requests` stays
  bool changed = false;    ///< stands in `changed_`
  bool close_told = false;
  bool drop = false;
  bool peer_is_done = false;  ///< it sends nothing any more, says its stream
  bool open_request = false;  ///< a request is begun and waits for its answer
  bool head_method = false;
  bool keep_alive = true;
  bool old_version = false;
  Wait wait = Wait::kNothing;  ///< which of the queues its link stands in

  [[nodiscard]] ConnectionId key() const { return id; }

  std::uint64_t request_number = 0;
  std::unique_ptr<Requests> requests;  ///< null: upgraded
  std::unique_ptr<Stream> stream;
  std::vector<SharedBytes> output;
  std::size_t unsent_bytes = 0;
};

}  // namespace visavis::http
