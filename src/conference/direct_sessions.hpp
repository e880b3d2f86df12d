#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/deadline_queue.hpp"
#include "base/entropy.hpp"
#include "base/time.hpp"
#include "conference/address_quota.hpp"
#include "conference/direct.hpp"
#include "conference/options.hpp"
#include "sfu/ids.hpp"

namespace visavis::conference {

/// The direct clients by their secrets. Nothing but the media transport tells whether one is still
/// there, so one that never connects ends after a while.
class DirectSessions {
 public:
  struct Session {
    DirectRole role = DirectRole::kPublisher;
    sfu::PeerId peer;
    IpAddress address;
  };

  explicit DirectSessions(const Options& options);

  [[nodiscard]] std::optional<AddressQuota::Full> full(const IpAddress& address) const {
    return quota_.full(address);
  }
  /// `full()` was asked. Gives the secret.
  [[nodiscard]] std::string add(Instant now, const Session& session, Entropy& entropy);
  [[nodiscard]] std::optional<Session> find(std::string_view secret) const;
  void set_connected(std::string_view secret);
  void remove(std::string_view secret);
  /// The secret of one that did not connect in time, at most once each; it is still there.
  [[nodiscard]] std::optional<std::string> poll_expired(Instant now);
  [[nodiscard]] Instant next_timeout() const { return deadlines_.next(); }
  [[nodiscard]] std::size_t size() const { return by_secret_.size(); }

 private:
  struct Entry {
    Session session;
    std::optional<DeadlineQueue<std::string>::Place> deadline;  ///< Until it is connected.
  };

  void cancel_deadline(Entry& entry);

  AddressQuota quota_;
  std::map<std::string, Entry, std::less<>> by_secret_;
  DeadlineQueue<std::string> deadlines_;
};

}  // namespace visavis::conference
