#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/datagram.hpp"
#include "base/datagram_batch.hpp"
#include "base/entropy.hpp"
#include "base/route.hpp"
#include "base/time.hpp"
#include "dtls/identity.hpp"
#include "sfu/command.hpp"
#include "sfu/counters.hpp"
#include "sfu/event.hpp"
#include "sfu/router_limits.hpp"
#include "srtp/cipher.hpp"

namespace visavis::sfu {

/// All media of the peers it was given, without I/O: commands and datagrams in, datagrams and
/// events out. One thread owns it.
///
/// Per wake-up: any number of `handle_command()` and `handle_datagram()`, `handle_timeout()` when
/// `next_timeout()` has passed, then `flush()` until it returns false (send and clear the batch
/// after each call; what is handled between two calls, time too, goes along to whoever still
/// waits), then `poll_event()` until empty. `next_timeout()` changes with every call.
///
/// Media goes first: of all DTLS handshakes that wait, `flush()` works one datagram a wake-up (less
/// than a millisecond), and only when everything else has been sent. While more wait,
/// `next_timeout()` is now.
class MediaWorker {
 public:
  struct Options : RouterLimits {
    /// Forced, it must be there (`srtp::make_cipher`).
    srtp::CipherChoice cipher = srtp::CipherChoice::kAutomatic;
  };

  /// `entropy` gives what the worker itself keeps secret; the transports draw theirs from OpenSSL.
  MediaWorker(Instant now, dtls::Identity identity, Entropy& entropy, const Options& options);
  ~MediaWorker();
  MediaWorker(MediaWorker&&) noexcept;
  MediaWorker& operator=(MediaWorker&&) noexcept;
  MediaWorker(const MediaWorker&) = delete;
  MediaWorker& operator=(const MediaWorker&) = delete;

  void handle_command(Instant now, const Command& command);
  /// `datagram` is opened in place; the caller keeps the buffer.
  void handle_datagram(Instant now, const Route& route, MutableBytes datagram);
  /// The same for many, which costs less each. `waited`: how long they lay unread, on average; what
  /// is measured by their arrival allows for it.
  void handle_datagrams(Instant now, std::span<const Datagram> datagrams,
                        Duration waited = Duration::zero());
  void handle_timeout(Instant now);

  /// Writes what is to leave into `out`, grouped by receiver. True: the batch is full and more
  /// waits; send it, clear it, call again.
  [[nodiscard]] bool flush(Instant now, DatagramBatch& out);
  [[nodiscard]] std::optional<Event> poll_event();
  [[nodiscard]] Instant next_timeout() const;

  /// For `/metrics` in the worker's own thread; from another one send `ReportWorker`.
  [[nodiscard]] const Counters& counters() const;
  /// What computes SRTP here, for the operator. Never changes: any thread may ask.
  [[nodiscard]] std::string_view cipher_name() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace visavis::sfu
