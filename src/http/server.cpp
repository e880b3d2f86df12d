#include "http/server.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "http/connection.hpp"
#include "http/response_writer.hpp"

namespace visavis::http {

Server::Server(Limits limits)
    : limits_(std::move(limits)),
      addresses_(limits_.addresses ? limits_.addresses
                                   : std::make_shared<AddressTable>(limits_.per_address)),
      waits_{LinkedDeadlines<Connection>(limits_.header_timeout),
             LinkedDeadlines<Connection>(limits_.body_timeout),
             LinkedDeadlines<Connection>(limits_.idle_timeout),
             LinkedDeadlines<Connection>(limits_.stall_timeout),
             LinkedDeadlines<Connection>(limits_.close_timeout),
             LinkedDeadlines<Connection>(limits_.upgrade_timeout)} {}

Server::~Server() = default;

void Server::route(std::string path_prefix, Handler handler) {
  route(Route{.path_prefix = std::move(path_prefix),
              .handle = std::move(handler),
              .begin = {},
              .body_bytes_max = {}});
}

void Server::route(Route route) {
  const auto shorter = std::ranges::find_if(routes_, [&](const auto& other) {
    return other->path_prefix.size() < route.path_prefix.size();
  });
  routes_.insert(shorter, std::make_unique<Route>(std::move(route)));
}

Route* Server::route_of(std::string_view path) const {
  const auto found = std::ranges::find_if(
      routes_, [&](const auto& route) { return path.starts_with(route->path_prefix); });
  return found == routes_.end() ? nullptr : found->get();
}

Server::Connection* Server::find(ConnectionId id) const {
  return connections_.find(id);
}

Server::Connection* Server::find_open(RequestId request) const {
  Connection* const connection = find(request.connection);
  const bool open = connection != nullptr && connection->open_request &&
                    connection->request_number == request.number;
  return open ? connection : nullptr;
}

RequestId Server::request_of(const Connection& connection) {
  return {.connection = connection.id, .number = connection.request_number};
}

// What handlers call.

void Server::respond(Instant now, RequestId request, Response response) {
  if (Connection* const connection = find_open(request)) {
    // What stands behind the request is read later: whoever answers is in the middle of something.
    answer(now, *connection, std::move(response));
  }
}

void Server::answer(Instant now, Connection& connection, Response response) {
  const bool unread = connection.requests->reader && !connection.requests->reader->is_done();
  const bool close =
      unread || !connection.keep_alive || response.headers.has_token("Connection", "close");
  WrittenResponse written =
      write_response(response, {.head = connection.head_method,
                                .keep_alive = !close,
                                .say_keep_alive = !close && connection.old_version});
  push(connection, share(std::move(written.bytes)));
  if (!written.body_included) {
    push(connection, std::move(response.body));
  }
  finish_request(now, connection, close, unread);
}

void Server::finish_request(Instant now, Connection& connection, bool close, bool unread) {
  connection.open_request = false;
  connection.requests->aborted = nullptr;
  release_reader(connection);
  if (close && unread) {
    connection.state = Connection::State::kDiscarding;
    wait_for(now, connection, Wait::kClose);
  } else if (close) {
    begin_close(now, connection);
  } else {
    connection.state = Connection::State::kIdle;
    wait_between_requests(now, connection);
  }
}

void Server::on_abort(RequestId request, Callback<void(Instant)> aborted) {
  if (Connection* const connection = find_open(request)) {
    connection->requests->aborted = std::move(aborted);
  }
}

bool Server::is_open(RequestId request) const {
  return find_open(request) != nullptr;
}

bool Server::upgrade(Instant now, RequestId request, Response switching,
                     std::unique_ptr<Stream> stream, Bytes first) {
  Connection* const connection = find_open(request);
  if (connection == nullptr || connection->state != Connection::State::kAnswering) {
    return false;
  }
  ++counters_.upgrades;
  switching.status = 101;
  Buffer answer = write_response(switching, {.room_behind = first.size()}).bytes;
  answer.insert(answer.end(), first.begin(), first.end());
  push(*connection, share(std::move(answer)));
  connection->open_request = false;
  connection->requests->aborted = nullptr;
  connection->stream = std::move(stream);
  connection->state = Connection::State::kUpgraded;
  wait_for(now, *connection, Wait::kNothing);
  forget_requests(*connection);
  return true;
}

void Server::write(Instant /*now*/, ConnectionId id, SharedBytes bytes) {
  Connection* const connection = find(id);
  if (connection != nullptr && connection->state == Connection::State::kUpgraded) {
    push(*connection, std::move(bytes));
  }
}

void Server::close(Instant now, ConnectionId id, bool peer_is_done) {
  Connection* const connection = find(id);
  if (connection != nullptr && connection->state == Connection::State::kUpgraded) {
    connection->peer_is_done = peer_is_done;
    begin_close(now, *connection);
  }
}

void Server::drop(Instant now, ConnectionId id) {
  Connection* const connection = find(id);
  if (connection != nullptr && connection->stream) {
    drop_connection(now, *connection);
  }
}

std::size_t Server::unsent_bytes(ConnectionId id) const {
  const Connection* const connection = find(id);
  return connection == nullptr ? 0 : connection->unsent_bytes;
}

// What the host calls.

bool Server::handle_open(Instant now, ConnectionId id, SocketAddress remote, bool secure) {
  if (!admits(now, remote.ip)) {
    refused_.push_back(id);
    return false;
  }
  ++counters_.connections;
  auto connection = std::make_unique<Connection>();
  connection->id = id;
  connection->remote = remote;
  connection->secure = secure;
  connection->requests =
      spare_requests_ ? std::exchange(spare_requests_, nullptr) : std::make_unique<Requests>();
  wait_for(now, *connection, Wait::kHeader);
  connections_.insert(std::move(connection));
  return true;
}

bool Server::has_room() {
  if (connections_.size() >= limits_.connections_max) {
    ++counters_.connections_refused;
    return false;
  }
  return true;
}

bool Server::admits(Instant now, const IpAddress& address) {
  if (!has_room()) {
    return false;
  }
  switch (addresses_->enter(now, address)) {
    case AddressCounter::Answer::kAdmitted: return true;
    case AddressCounter::Answer::kTooMany: ++counters_.refused_per_address; return false;
    case AddressCounter::Answer::kTooFast: ++counters_.refused_per_rate; return false;
  }
  return false;
}

void Server::handle_bytes(Instant now, ConnectionId id, Bytes bytes) {
  Connection* const connection = find(id);
  if (connection == nullptr) {
    return;
  }
  if (!connection->requests || connection->requests->input.empty()) {
    keep_rest(now, *connection, advance(now, *connection, bytes));
    return;
  }
  connection->requests->input.insert(connection->requests->input.end(), bytes.begin(), bytes.end());
  resume(now, *connection);
}

void Server::handle_sent(Instant now, ConnectionId id, std::size_t bytes) {
  Connection* const connection = find(id);
  if (connection == nullptr) {
    return;
  }
  check(bytes <= connection->unsent_bytes);
  connection->unsent_bytes -= bytes;
  if (connection->state == Connection::State::kIdle && bytes > 0) {
    wait_between_requests(now, *connection);
    resume(now, *connection);
  } else if (connection->state == Connection::State::kUpgraded) {
    resume(now, *connection);  // what stood behind the request for the upgrade
    if (connection->state == Connection::State::kUpgraded && connection->unsent_bytes == 0) {
      connection->stream->handle_drained(now);
    }
  } else if (connection->wait == Wait::kClose && bytes > 0 &&
             connection->state == Connection::State::kClosing) {
    wait_for(now, *connection, Wait::kClose);  // slow, but it reads
  }
}

void Server::handle_end(Instant now, ConnectionId id) {
  Connection* const connection = find(id);
  if (connection == nullptr || connection->state == Connection::State::kClosing) {
    return;
  }
  abort_request(now, *connection);
  release_reader(*connection);
  begin_close(now, *connection);
}

void Server::handle_closed(Instant now, ConnectionId id) {
  const std::unique_ptr<Connection> gone = connections_.extract(id);
  if (!gone) {
    return;
  }
  Connection& connection = *gone;
  addresses_->leave(connection.remote.ip);
  wait_for(now, connection, Wait::kNothing);
  release_reader(connection);
  abort_request(now, connection);
  if (connection.stream) {
    connection.stream->handle_closed(now);
  }
}

std::optional<Server::Output> Server::poll_output() {
  if (!refused_.empty()) {
    const ConnectionId id = refused_.front();
    refused_.pop_front();
    return Output{.connection = id, .bytes = {}, .then_close = true, .at_once = true};
  }
  while (!changed_.empty()) {
    Connection* const connection = find(changed_.front());
    changed_.pop_front();
    if (connection == nullptr) {
      continue;
    }
    connection->changed = false;
    Output output{.connection = connection->id, .bytes = std::exchange(connection->output, {})};
    const bool closing = connection->state == Connection::State::kClosing;
    output.then_close = connection->drop || (closing && !connection->close_told);
    output.at_once = connection->drop;
    output.peer_is_done = connection->peer_is_done;
    if (connection->state == Connection::State::kLeaving && !connection->close_told) {
      output.leaves_for = connection->requests->leaves_for;
      connection->close_told = true;
    }
    connection->close_told |= output.then_close;
    if (!output.bytes.empty() || output.then_close || output.leaves_for) {
      return output;
    }
  }
  return std::nullopt;
}

// Refusing and closing.

void Server::refuse(Instant now, Connection& connection, unsigned status) {
  count_refusal(status);
  connection.keep_alive = false;
  connection.open_request = true;
  answer(now, connection, text_response(status, reason_phrase(status)));
}

void Server::count_refusal(unsigned status) {
  switch (status) {
    case 408: break;  // counted by which of the deadlines it was
    case 413: ++counters_.bodies_too_big; break;
    case 431: ++counters_.headers_too_big; break;
    case 503: ++counters_.bodies_refused; break;
    default: ++counters_.bad_requests; break;
  }
}

void Server::abort_request(Instant now, Connection& connection) {
  if (!std::exchange(connection.open_request, false)) {
    return;
  }
  ++counters_.aborted;
  if (auto aborted = std::exchange(connection.requests->aborted, nullptr)) {
    aborted(now);
  }
}

void Server::push(Connection& connection, SharedBytes bytes) {
  connection.unsent_bytes += bytes->size();
  connection.output.push_back(std::move(bytes));
  mark(connection);
}

void Server::begin_close(Instant now, Connection& connection) {
  if (connection.state == Connection::State::kLeaving) {
    connection.close_told = false;  // told was only where to
  }
  connection.state = Connection::State::kClosing;
  if (connection.requests) {
    connection.requests->input = {};
  }
  wait_for(now, connection, Wait::kClose);
  mark(connection);
}

void Server::drop_connection(Instant now, Connection& connection) {
  begin_close(now, connection);
  wait_for(now, connection, Wait::kNothing);
  connection.drop = true;
  connection.output.clear();
}

void Server::release_reader(Connection& connection) {
  if (!connection.requests) {
    return;
  }
  bodies_bytes_ -= std::exchange(connection.requests->body_bytes, 0);
  if (auto reader = std::exchange(connection.requests->reader, nullptr)) {
    reader->restart();
    spare_reader_ = std::move(reader);
  }
}

void Server::forget_requests(Connection& connection) {
  if (connection.stream && !connection.advancing && connection.requests &&
      connection.requests->input.empty()) {
    *connection.requests = Requests();
    spare_requests_ = std::exchange(connection.requests, nullptr);
  }
}

void Server::mark(Connection& connection) {
  if (!std::exchange(connection.changed, true)) {
    changed_.push_back(connection.id);
  }
}

// Deadlines.

void Server::wait_for(Instant now, Connection& connection, Wait wait) {
  if (connection.wait != Wait::kNothing) {
    waits_.at(static_cast<std::size_t>(connection.wait)).cancel(connection);
  }
  connection.wait = wait;
  if (wait != Wait::kNothing) {
    waits_.at(static_cast<std::size_t>(wait)).arm(now, connection);
  }
}

void Server::wait_between_requests(Instant now, Connection& connection) {
  wait_for(now, connection, connection.unsent_bytes > 0 ? Wait::kStall : Wait::kIdle);
}

void Server::handle_timeout(Instant now) {
  for (std::size_t i = 0; i < waits_.size(); ++i) {
    while (Connection* const connection = waits_.at(i).poll_expired(now)) {
      handle_expired(now, static_cast<Wait>(i), *connection);
    }
  }
}

void Server::handle_expired(Instant now, Wait wait, Connection& connection) {
  check(connection.wait == wait);
  connection.wait = Wait::kNothing;
  switch (wait) {
    case Wait::kHeader:
      ++counters_.header_timeouts;
      if (connection.state == Connection::State::kIdle) {
        begin_close(now, connection);  // not a byte has come
      } else {
        refuse(now, connection, 408);
      }
      break;
    case Wait::kBody:
      ++counters_.body_timeouts;
      abort_request(now, connection);
      refuse(now, connection, 408);
      break;
    case Wait::kIdle: begin_close(now, connection); break;
    case Wait::kStall:
      ++counters_.stalled;
      drop_connection(now, connection);
      break;
    case Wait::kClose:
      if (connection.state == Connection::State::kDiscarding) {
        begin_close(now, connection);
      } else {
        drop_connection(now, connection);
      }
      break;
    case Wait::kUpgrade:
      ++counters_.upgrades_unanswered;
      abort_request(now, connection);
      drop_connection(now, connection);
      break;
    case Wait::kNothing: break;
  }
}

Instant Server::next_timeout() const {
  Instant next = kNever;
  for (const LinkedDeadlines<Connection>& wait : waits_) {
    next = std::min(next, wait.next());
  }
  return next;
}

}  // namespace visavis::http
