#include "http/address_table.hpp"

#include <algorithm>
#include <chrono>

#include "base/subscriber_network.hpp"

namespace visavis::http {
namespace {

/// About 30 MB; beyond it somebody has a network of his own, and new addresses wait.
constexpr std::size_t kAddressesMax = 262'144;
constexpr std::size_t kForgetStep = 1024;

}  // namespace

AddressTable::Answer AddressTable::enter(Instant now, const IpAddress& address) {
  if (!limit_.limits()) {
    return Answer::kAdmitted;
  }
  forget_idle(now);
  const IpAddress key = subscriber_network(address);
  auto found = entries_.find(key);
  if (found == entries_.end()) {
    if (entries_.size() >= kAddressesMax) {
      return Answer::kTooFast;
    }
    found = entries_.emplace(key, Entry{.open = 0, .tokens = limit_.burst, .filled_at = now}).first;
  }
  Entry& entry = found->second;
  if (limit_.open_max > 0 && entry.open >= limit_.open_max) {
    return Answer::kTooMany;
  }
  if (limit_.per_second > 0) {
    refill(now, entry);
    if (entry.tokens < 1) {
      return Answer::kTooFast;
    }
    entry.tokens -= 1;
  }
  ++entry.open;
  return Answer::kAdmitted;
}

void AddressTable::leave(const IpAddress& address) {
  const auto found = entries_.find(subscriber_network(address));
  if (found == entries_.end() || found->second.open == 0) {
    return;
  }
  --found->second.open;
  if (found->second.open == 0 && limit_.per_second <= 0) {
    entries_.erase(found);
  }
}

void AddressTable::refill(Instant now, Entry& entry) const {
  if (now <= entry.filled_at) {
    return;  // of another thread, whose turn began earlier
  }
  const double seconds = std::chrono::duration<double>(now - entry.filled_at).count();
  entry.tokens = std::min(limit_.burst, entry.tokens + (seconds * limit_.per_second));
  entry.filled_at = now;
}

/// Looks at all of them only when their number has doubled, so each entry costs O(1).
void AddressTable::forget_idle(Instant now) {
  if (entries_.size() < forget_at_) {
    return;
  }
  std::erase_if(entries_, [&](const auto& item) {
    Entry entry = item.second;
    refill(now, entry);
    return entry.open == 0 && entry.tokens >= limit_.burst;
  });
  forget_at_ = std::clamp(entries_.size() * 2, kForgetStep, kAddressesMax);
}

}  // namespace visavis::http
