#include "conference/direct_sessions.hpp"

#include <utility>

#include "base/check.hpp"

namespace visavis::conference {

DirectSessions::DirectSessions(const Options& options)
    : quota_(options.direct_max, options.direct_per_address_max),
      deadlines_(options.direct_connect_timeout) {}

std::string DirectSessions::add(Instant now, const Session& session, Entropy& entropy) {
  constexpr std::size_t kSecretLength = 32;  // 192 bits: nobody guesses one (RFC 9725 §5).
  std::string secret = entropy.token(kSecretLength);
  quota_.add(session.address);
  by_secret_.emplace(secret, Entry{.session = session, .deadline = deadlines_.arm(now, secret)});
  return secret;
}

std::optional<DirectSessions::Session> DirectSessions::find(std::string_view secret) const {
  const auto found = by_secret_.find(secret);
  return found == by_secret_.end() ? std::nullopt : std::optional(found->second.session);
}

void DirectSessions::set_connected(std::string_view secret) {
  const auto found = by_secret_.find(secret);
  check(found != by_secret_.end());
  cancel_deadline(found->second);
}

void DirectSessions::cancel_deadline(Entry& entry) {
  if (const auto deadline = std::exchange(entry.deadline, std::nullopt)) {
    deadlines_.cancel(*deadline);
  }
}

void DirectSessions::remove(std::string_view secret) {
  const auto found = by_secret_.find(secret);
  check(found != by_secret_.end());
  cancel_deadline(found->second);
  quota_.remove(found->second.session.address);
  by_secret_.erase(found);
}

std::optional<std::string> DirectSessions::poll_expired(Instant now) {
  auto secret = deadlines_.poll_expired(now);
  if (secret) {
    by_secret_.find(*secret)->second.deadline.reset();
  }
  return secret;
}

}  // namespace visavis::conference
