#include <utility>

#include "http/connection.hpp"
#include "http/server.hpp"

// How a server takes the bytes of a connection: requests one after another, or the stream's bytes.

namespace visavis::http {
namespace {

/// Of a refused body: enough for what was in flight, too little to be worth an attack.
constexpr std::size_t kDiscardedBytesMax = 4'000'000;

}  // namespace

Bytes Server::advance(Instant now, Connection& connection, Bytes input) {
  connection.advancing = true;
  bool more = true;
  while (more) {
    switch (connection.state) {
      case Connection::State::kIdle:
        while (!input.empty() && (input[0] == std::byte{'\r'} || input[0] == std::byte{'\n'})) {
          input = input.subspan(1);  // RFC 9112 §2.2
        }
        more = !input.empty() && connection.unsent_bytes <= limits_.unsent_bytes_pause;
        if (more) {
          begin_request(now, connection);
        }
        break;
      case Connection::State::kReading: more = read_request(now, connection, input); break;
      case Connection::State::kAnswering: more = false; break;
      case Connection::State::kUpgraded:
        if (!input.empty()) {
          connection.stream->handle_bytes(now, std::exchange(input, {}));
        }
        more = false;
        break;
      case Connection::State::kDiscarding:
        discard(now, connection, std::exchange(input, {}).size());
        more = false;
        break;
      case Connection::State::kClosing:
        input = {};
        more = false;
        break;
      case Connection::State::kLeaving: more = false; break;
    }
  }
  connection.advancing = false;
  return input;
}

void Server::resume(Instant now, Connection& connection) {
  if (!connection.requests || connection.requests->input.empty()) {
    return;
  }
  Buffer input = std::exchange(connection.requests->input, {});
  const Bytes rest = advance(now, connection, input);
  if (rest.size() == input.size()) {
    connection.requests->input = std::move(input);
    keep_rest(now, connection, connection.requests->input);
  } else {
    keep_rest(now, connection, rest);
  }
}

void Server::keep_rest(Instant now, Connection& connection, Bytes rest) {
  if (!connection.requests) {
    return;  // upgraded: its stream has taken all
  }
  if (rest.data() != connection.requests->input.data()) {
    connection.requests->input.assign(rest.begin(), rest.end());
  }
  // A request on its way in has its own limits, also if it is on its way to another server.
  if (connection.state != Connection::State::kReading &&
      connection.state != Connection::State::kLeaving &&
      connection.requests->input.size() > limits_.pipelined_bytes_max) {
    ++counters_.pipelined_too_much;
    abort_request(now, connection);
    drop_connection(now, connection);
  }
  forget_requests(connection);
}

void Server::begin_request(Instant now, Connection& connection) {
  connection.state = Connection::State::kReading;
  connection.head_method = false;
  connection.requests->reader = spare_reader_
                                    ? std::exchange(spare_reader_, nullptr)
                                    : std::make_unique<RequestReader>(limits_.header_bytes_max);
  ++connection.request_number;
  wait_for(now, connection, Wait::kHeader);
}

/// Whether the state may have changed, so that `advance` looks again.
bool Server::read_request(Instant now, Connection& connection, Bytes& input) {
  const auto progress = connection.requests->reader->read(input);
  if (!progress) {
    refuse(now, connection, progress.error());
    return true;
  }
  const std::size_t body_bytes = connection.requests->reader->body_size();
  bodies_bytes_ += body_bytes - connection.requests->body_bytes;
  connection.requests->body_bytes = body_bytes;
  if (bodies_bytes_ > limits_.bodies_bytes_max) {
    refuse(now, connection, 503);
    return true;
  }
  switch (*progress) {
    case RequestReader::Progress::kNeedMore: return false;
    case RequestReader::Progress::kHead: handle_head(now, connection); return true;
    case RequestReader::Progress::kComplete: handle_request(now, connection); return true;
  }
  return false;
}

void Server::handle_head(Instant now, Connection& connection) {
  connection.requests->route = route_of(connection.requests->reader->head().path());
  if (connection.requests->route != nullptr && connection.requests->route->elsewhere) {
    if (const auto to =
            connection.requests->route->elsewhere(connection.requests->reader->head())) {
      leave(now, connection, *to);
      return;
    }
  }
  handle_own_head(now, connection);
}

void Server::handle_own_head(Instant now, Connection& connection) {
  const Request& head = connection.requests->reader->head();
  connection.open_request = true;
  connection.head_method = head.method == "HEAD";
  connection.keep_alive = connection.requests->reader->keep_alive();
  connection.old_version = head.minor_version == 0;
  ++counters_.requests;
  if (connection.requests->route == nullptr) {
    answer(now, connection, text_response(404, "Not Found"));
    return;
  }
  const std::size_t body_max =
      connection.requests->route->body_bytes_max.value_or(limits_.body_bytes_max);
  if (const auto allowed = connection.requests->reader->limit_body(body_max); !allowed) {
    refuse(now, connection, allowed.error());
    return;
  }
  if (connection.requests->reader->is_done()) {
    return;
  }
  wait_for(now, connection, Wait::kBody);
  if (connection.requests->route->begin) {
    connection.requests->route->begin(now, request_of(connection), head);
  }
  if (connection.state == Connection::State::kReading &&
      connection.requests->reader->expects_continue()) {
    push(connection, share(to_buffer("HTTP/1.1 100 Continue\r\n\r\n")));
  }
}

void Server::handle_request(Instant now, Connection& connection) {
  Request request = connection.requests->reader->take();
  request.remote = connection.remote;
  request.secure = connection.secure;
  release_reader(connection);
  connection.state = Connection::State::kAnswering;
  const bool stray = !connection.requests->route->takes_upgrades &&
                     request.headers.has_token("Connection", "upgrade") &&
                     request.headers.find("Upgrade").has_value();
  wait_for(now, connection, stray ? Wait::kUpgrade : Wait::kNothing);
  connection.requests->route->handle(now, request_of(connection), std::move(request));
}

void Server::discard(Instant now, Connection& connection, std::size_t bytes) {
  connection.requests->discarded_bytes += bytes;
  if (connection.requests->discarded_bytes > kDiscardedBytesMax) {
    drop_connection(now, connection);
  }
}

}  // namespace visavis::http
