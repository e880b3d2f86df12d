#include "conference/prepared_transports.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace visavis::conference {

PreparedTransports::PreparedTransports(const Options& options)
    : quota_(options.prepared_max, options.prepared_per_address_max),
      deadlines_(options.prepare_timeout) {}

std::optional<ErrorCode> PreparedTransports::refusal(std::string_view socket,
                                                     const IpAddress& address) const {
  if (by_socket_.contains(socket)) {
    return std::nullopt;
  }
  const auto full = quota_.full(address);
  if (!full) {
    return std::nullopt;
  }
  return *full == AddressQuota::Full::kInAll ? ErrorCode::kTooManyPrepared
                                             : ErrorCode::kTooManyPreparedFromAddress;
}

void PreparedTransports::add(Instant now, const std::string& socket, const IpAddress& address,
                             Transport transport) {
  const bool is_new = by_socket_
                          .emplace(socket, Prepared{.address = address,
                                                    .transport = std::move(transport),
                                                    .deadline = deadlines_.arm(now, socket)})
                          .second;
  check(is_new);
  quota_.add(address);
}

const Transport* PreparedTransports::find(std::string_view socket) const {
  const auto found = by_socket_.find(socket);
  return found == by_socket_.end() ? nullptr : &found->second.transport;
}

Transport* PreparedTransports::find(sfu::PeerId peer) {
  const auto found = std::ranges::find_if(
      by_socket_, [peer](const auto& one) { return one.second.transport.peer == peer; });
  return found == by_socket_.end() ? nullptr : &found->second.transport;
}

const std::string& PreparedTransports::socket_of(sfu::PeerId peer) const {
  const auto found = std::ranges::find_if(
      by_socket_, [peer](const auto& one) { return one.second.transport.peer == peer; });
  check(found != by_socket_.end());
  return found->first;
}

std::optional<Transport> PreparedTransports::take(std::string_view socket) {
  const auto found = by_socket_.find(socket);
  if (found == by_socket_.end()) {
    return std::nullopt;
  }
  deadlines_.cancel(found->second.deadline);
  return remove(found);
}

std::optional<Transport> PreparedTransports::poll_expired(Instant now) {
  const auto socket = deadlines_.poll_expired(now);
  return socket ? std::optional(remove(by_socket_.find(*socket))) : std::nullopt;
}

Transport PreparedTransports::remove(std::map<std::string, Prepared, std::less<>>::iterator at) {
  check(at != by_socket_.end());
  quota_.remove(at->second.address);
  Transport transport = std::move(at->second.transport);
  by_socket_.erase(at);
  return transport;
}

}  // namespace visavis::conference
