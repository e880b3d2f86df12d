#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "base/address.hpp"
#include "base/time.hpp"

namespace visavis::http {

/// How much one address may take. The subscriber of an IPv6 network has a /64 at least (RFC 6177
/// §2), so that counts as one address.
struct AddressLimit {
  std::size_t open_max = 0;  ///< at once; 0: as many as it likes
  double per_second = 0;     ///< new ones; 0: as fast as it likes
  double burst = 50;         ///< new ones at once, after a pause

  [[nodiscard]] bool limits() const { return open_max > 0 || per_second > 0; }
};

/// Counts what each address has open, and how fast it opens more.
class AddressTable {
 public:
  enum class Answer : std::uint8_t { kAdmitted, kTooMany, kTooFast };

  explicit AddressTable(AddressLimit limit) : limit_(limit) {}

  /// One more; `kAdmitted` wants a `leave` of the same address later.
  [[nodiscard]] Answer enter(Instant now, const IpAddress& address);
  void leave(const IpAddress& address);

  /// Addresses that are remembered.
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::size_t open = 0;
    double tokens = 0;
    Instant filled_at;
  };

  void refill(Instant now, Entry& entry) const;
  void forget_idle(Instant now);

  AddressLimit limit_;
  std::unordered_map<IpAddress, Entry> entries_;
  std::size_t forget_at_ = 1024;  ///< entries, that it is worth looking for idle ones
};

}  // namespace visavis::http
