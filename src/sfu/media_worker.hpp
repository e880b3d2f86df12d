#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/datagram_batch.hpp"
#include "base/entropy.hpp"
#include "base/route.hpp"
#include "base/time.hpp"
#include "dtls/identity.hpp"
#include "sfu/command.hpp"
#include "sfu/counters.hpp"
#include "sfu/event.hpp"

namespace visavis::sfu {

/// All media of the peers it was given, without I/O: commands and datagrams in, datagrams and
/// events out. One thread owns it.
///
/// Per wake-up: any number of `handle_command()` and `handle_datagram()`, `handle_timeout()` when
/// `next_timeout()` has passed, then `flush()` until it returns false (send and clear the batch
/// after each call), then `poll_event()` until empty. `next_timeout()` changes with every call.
class MediaWorker {
 public:
  struct Options {
    std::size_t peers_max = 2'000;          ///< A core carries fewer; this bounds memory.
    std::size_t streams_per_peer_max = 8;   ///< The call protocol's own limit.
    std::size_t slots_per_peer_max = 128;   ///< 49 seats of two, and the audio-only ones.
    std::size_t log_bytes_max = 4U << 20U;  ///< A layer: over 10 s of 3 Mbit/s.
    std::size_t logs_bytes_max = std::size_t{1} << 30U;  ///< All of them together.
    std::size_t events_max = 16'384;                     ///< Beyond it reports go first.
  };

  MediaWorker(Instant now, dtls::Identity identity, Entropy& entropy, Options options);
  ~MediaWorker();
  MediaWorker(MediaWorker&&) noexcept;
  MediaWorker& operator=(MediaWorker&&) noexcept;
  MediaWorker(const MediaWorker&) = delete;
  MediaWorker& operator=(const MediaWorker&) = delete;

  void handle_command(Instant now, Command command);
  /// `datagram` is opened in place; the caller keeps the buffer.
  void handle_datagram(Instant now, const Route& route, MutableBytes datagram);
  void handle_timeout(Instant now);

  /// Writes what is to leave into `out`, grouped by receiver. True: the batch is full and more
  /// waits; send it, clear it, call again.
  [[nodiscard]] bool flush(Instant now, DatagramBatch& out);
  [[nodiscard]] std::optional<Event> poll_event();
  [[nodiscard]] Instant next_timeout() const;

  /// For `/metrics` in the worker's own thread; from another one send `ReportWorker`.
  [[nodiscard]] const Counters& counters() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace visavis::sfu
