#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "base/address.hpp"
#include "base/check.hpp"
#include "base/subscriber_network.hpp"

namespace visavis::conference {

/// How many of something there are, in all and from each address (or IPv6 network), and how many
/// there may be.
class AddressQuota {
 public:
  enum class Full : std::uint8_t { kInAll, kFromAddress };

  AddressQuota(std::size_t max, std::size_t per_address_max)
      : max_(max), per_address_max_(per_address_max) {}

  /// Why there may not be another one from this address.
  [[nodiscard]] std::optional<Full> full(const IpAddress& address) const {
    if (size_ >= max_) {
      return Full::kInAll;
    }
    const auto count = per_address_.find(subscriber_network(address));
    return count != per_address_.end() && count->second >= per_address_max_
               ? std::optional(Full::kFromAddress)
               : std::nullopt;
  }
  void add(const IpAddress& address) {
    ++size_;
    ++per_address_[subscriber_network(address)];
  }
  void remove(const IpAddress& address) {
    const auto count = per_address_.find(subscriber_network(address));
    check(count != per_address_.end());
    --size_;
    if (--count->second == 0) {
      per_address_.erase(count);
    }
  }

 private:
  std::size_t max_;
  std::size_t per_address_max_;
  std::size_t size_ = 0;
  std::unordered_map<IpAddress, std::size_t> per_address_;
};

}  // namespace visavis::conference
