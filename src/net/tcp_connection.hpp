#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/shared_bytes.hpp"
#include "net/file_descriptor.hpp"
#include "tls/tls_session.hpp"

namespace visavis::net {

/// The two byte streams of an accepted, non-blocking TCP socket, through TLS where asked for.
///
/// After each `read` call `write`: TLS has answers of its own.
class TcpConnection {
 public:
  enum class ReadResult : std::uint8_t {
    kOpen,    ///< All that was there is read.
    kMore,    ///< There may be more to read.
    kEnded,   ///< The peer sends no more; we still may.
    kFailed,  ///< Reset, or TLS was violated.
  };
  using Taker = std::move_only_function<void(Bytes)>;

  TcpConnection(FileDescriptor socket, const tls::TlsContext* tls);

  // `wire_bytes` grows by what passes the wire, TLS included.

  /// Reads once, at most `scratch.size()` bytes off the wire, and gives the plaintext to `take`.
  [[nodiscard]] ReadResult read(MutableBytes scratch, std::uint64_t& wire_bytes, Taker take);

  void queue(std::vector<SharedBytes> bytes);
  /// Gives the kernel what it takes; returns how many of the queued bytes have left. Nothing when
  /// the connection is dead.
  ///
  /// `then_closes`: once all has left, `end` or the destructor follows at once. The kernel then
  /// sends the last bytes and the FIN as one segment.
  [[nodiscard]] std::optional<std::size_t> write(std::uint64_t& wire_bytes,
                                                 bool then_closes = false);
  /// Queued bytes that have not left.
  [[nodiscard]] std::size_t unsent_bytes() const { return unsent_bytes_; }
  /// The kernel took less than it was given: wait until it is writable.
  [[nodiscard]] bool is_blocked() const { return blocked_ != 0; }

  /// Says that we send no more: close_notify and FIN. Everything must have left.
  void end(std::uint64_t& wire_bytes);

  [[nodiscard]] int fd() const { return socket_.value(); }
  [[nodiscard]] bool is_secure() const { return tls_ != nullptr; }
  /// TLS that never came to plaintext, or broke.
  [[nodiscard]] bool tls_failed() const;

 private:
  enum class Flow : std::uint8_t { kGoing, kBlocked, kDead };

  [[nodiscard]] std::optional<std::size_t> write_plain(std::uint64_t& wire_bytes, bool then_closes);
  [[nodiscard]] std::optional<std::size_t> write_tls(std::uint64_t& wire_bytes);
  [[nodiscard]] Flow send_ciphertext(std::uint64_t& wire_bytes);
  [[nodiscard]] ssize_t send_front(int flags) const;
  [[nodiscard]] ssize_t send_copied(std::size_t count, int flags) const;
  void encrypt_next();
  [[nodiscard]] bool queue_empty() const { return front_ == queue_.size(); }
  void drop_front(std::size_t bytes);

  /// What a connection without TLS does without.
  struct Tls {
    explicit Tls(const tls::TlsContext& context) : session(context) {}

    tls::TlsSession session;
    Buffer ciphertext;                    // One record's worth on its way; empty while idle.
    std::size_t ciphertext_offset = 0;    // Of it, already sent.
    std::size_t plaintext_in_flight = 0;  // What of the queue is inside `ciphertext`.
  };

  FileDescriptor socket_;
  std::uint32_t front_ : 31 = 0;  // Of the queue; what stands before it has left.
  std::uint32_t blocked_ : 1 = 0;
  std::unique_ptr<Tls> tls_;        // None: plain.
  std::vector<SharedBytes> queue_;  // Freed when all has left: most connections are idle.
  std::size_t front_offset_ = 0;    // Of the queue's front, already sent or encrypted.
  std::size_t unsent_bytes_ = 0;
};

}  // namespace visavis::net
