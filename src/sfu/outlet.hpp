#pragma once

#include <algorithm>
#include <cstdint>

#include "base/datagram_batch.hpp"
#include "base/route.hpp"
#include "sfu/counters.hpp"
#include "srtp/seal_batch.hpp"

namespace visavis::sfu {

/// How a peer is reached.
struct Transport {
  Route route;
  srtp::Sealer* sealer = nullptr;  ///< Null: packets leave in the clear (tests of the router).
  std::uint64_t packets_out = 0;
  std::uint64_t bytes_out = 0;
};

/// Where the packets of one wake-up are written: cells of the caller's batch, sealed with the keys
/// of the peer it is aimed at.
class Outlet {
 public:
  Outlet(DatagramBatch& batch, srtp::SealBatch& seals, Counters& counters)
      : batch_(batch), seals_(seals), counters_(counters) {}

  void aim(Transport& at) { at_ = &at; }
  [[nodiscard]] bool full() const { return batch_.full(); }
  /// Room for a packet and what sealing adds; the outlet must not be full.
  [[nodiscard]] MutableBytes cell() { return batch_.reserve(); }

  /// A whole packet lies in the cell.
  void commit_rtp(MutableBytes cell, std::size_t size, SendPriority priority) {
    ++counters_.rtp_out;
    send(at_->sealer == nullptr ? size
                                : seals_.add({.sealer = at_->sealer, .cell = cell, .size = size}),
         priority);
  }
  /// A header lies in the cell; the payload is read from where it is, when it is sealed: it must
  /// stay there until the batch is flushed, as a log's packets do.
  void commit_rtp(MutableBytes cell, std::size_t header_size, Bytes payload,
                  SendPriority priority) {
    const std::size_t size = header_size + payload.size();
    if (at_->sealer != nullptr) {
      ++counters_.rtp_out;
      send(seals_.add({.sealer = at_->sealer, .cell = cell, .size = size, .payload = payload}),
           priority);
      return;
    }
    std::ranges::copy(payload, cell.subspan(header_size).begin());
    commit_rtp(cell, size, priority);
  }
  void commit_rtcp(MutableBytes cell, std::size_t size) {
    ++counters_.rtcp_out;
    send(at_->sealer == nullptr ? size : at_->sealer->seal_rtcp(cell, size),
         SendPriority::kControl);
  }

 private:
  void send(std::size_t size, SendPriority priority) {
    ++counters_.datagrams_out;
    counters_.bytes_out += size;
    ++at_->packets_out;
    at_->bytes_out += size;
    batch_.commit(at_->route, size, priority);
  }

  DatagramBatch& batch_;
  srtp::SealBatch& seals_;
  Counters& counters_;
  Transport* at_ = nullptr;
};

}  // namespace visavis::sfu
