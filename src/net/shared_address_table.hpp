#pragma once

#include <mutex>

#include "base/address.hpp"
#include "base/time.hpp"
#include "http/address_table.hpp"

namespace visavis::net {

/// One count of addresses for the servers of all threads. It is asked when a connection or session
/// comes and goes, never on the path of a message, so a lock is cheap enough.
class SharedAddressTable final : public http::AddressCounter {
 public:
  explicit SharedAddressTable(http::AddressLimit limit) : table_(limit) {}

  [[nodiscard]] Answer enter(Instant now, const IpAddress& address) override {
    const std::lock_guard lock(mutex_);
    return table_.enter(now, address);
  }
  void leave(const IpAddress& address) override {
    const std::lock_guard lock(mutex_);
    table_.leave(address);
  }

 private:
  std::mutex mutex_;
  http::AddressTable table_;
};

}  // namespace visavis::net
