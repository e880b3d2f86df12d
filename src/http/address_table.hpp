#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "base/address.hpp"
#include "base/time.hpp"

namespace visavis::http {

/// How much one address may take, or one IPv6 network (`subscriber_network`).
struct AddressLimit {
  std::size_t open_max = 0;  ///< at once; 0: as many as it likes
  double per_second = 0;     ///< new ones; 0: as fast as it likes
  double burst = 50;         ///< new ones at once, after a pause

  [[nodiscard]] bool limits() const { return open_max > 0 || per_second > 0; }
};

/// Who says whether one more may come from an address: a server's own table, or one that the
/// servers of several threads share.
class AddressCounter {
 public:
  enum class Answer : std::uint8_t { kAdmitted, kTooMany, kTooFast };

  AddressCounter() = default;
  AddressCounter(const AddressCounter&) = delete;
  AddressCounter& operator=(const AddressCounter&) = delete;
  virtual ~AddressCounter() = default;

  /// One more; `kAdmitted` wants a `leave` of the same address later.
  [[nodiscard]] virtual Answer enter(Instant now, const IpAddress& address) = 0;
  virtual void leave(const IpAddress& address) = 0;
};

/// Counts what each address has open, and how fast it opens more.
class AddressTable final : public AddressCounter {
 public:
  explicit AddressTable(AddressLimit limit) : limit_(limit) {}

  [[nodiscard]] Answer enter(Instant now, const IpAddress& address) override;
  void leave(const IpAddress& address) override;

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
