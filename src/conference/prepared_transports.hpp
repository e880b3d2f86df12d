#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/deadline_queue.hpp"
#include "base/time.hpp"
#include "conference/address_quota.hpp"
#include "conference/options.hpp"
#include "conference/transport.hpp"

namespace visavis::conference {

/// Transports set up ahead of a join, one a socket. They cost the worker memory for somebody who is
/// in no room, hence their limits.
class PreparedTransports {
 public:
  explicit PreparedTransports(const Options& options);

  /// Why this socket may not prepare one now. Preparing again replaces, and is never refused.
  [[nodiscard]] std::optional<ErrorCode> refusal(std::string_view socket,
                                                 const IpAddress& address) const;
  /// `refusal()` was asked, and what the socket had was taken.
  void add(Instant now, const std::string& socket, const IpAddress& address, Transport transport);
  [[nodiscard]] const Transport* find(std::string_view socket) const;
  [[nodiscard]] Transport* find(sfu::PeerId peer);
  /// Of a prepared peer.
  [[nodiscard]] const std::string& socket_of(sfu::PeerId peer) const;
  [[nodiscard]] std::optional<Transport> take(std::string_view socket);
  /// One that nobody joined with in time, at most once each.
  [[nodiscard]] std::optional<Transport> poll_expired(Instant now);
  [[nodiscard]] Instant next_timeout() const { return deadlines_.next(); }
  [[nodiscard]] std::size_t size() const { return by_socket_.size(); }

 private:
  struct Prepared {
    IpAddress address;
    Transport transport;
    DeadlineQueue<std::string>::Place deadline;
  };

  /// Without its deadline.
  [[nodiscard]] Transport remove(std::map<std::string, Prepared, std::less<>>::iterator at);

  AddressQuota quota_;
  std::map<std::string, Prepared, std::less<>> by_socket_;
  DeadlineQueue<std::string> deadlines_;
};

}  // namespace visavis::conference
