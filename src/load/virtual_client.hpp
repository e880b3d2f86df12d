#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/datagram_batch.hpp"
#include "base/route.hpp"
#include "base/time.hpp"
#include "testpeer/media_session.hpp"

namespace visavis::load {

/// One of thousands: signals over a TCP connection that the host opens when it is wanted, and has
/// one UDP address. There are two: `CallClient` (Socket.IO) and `WhipClient` (WHIP and WHEP).
///
/// Drive it like every core: after each call send `poll_stream_output()` and `flush()`.
class VirtualClient {
 public:
  enum class Phase : std::uint8_t {
    kStarting,
    kInside,  ///< The server has let it in; media may still be on its way.
    kLeaving,
    kGone,
    kFailed,  ///< See `failure()`.
  };
  /// Refused or silent for so long, it has failed: with a loaded server that is a result.
  static constexpr Duration kPatience = std::chrono::seconds(15);

  VirtualClient() = default;
  VirtualClient(const VirtualClient&) = delete;
  VirtualClient& operator=(const VirtualClient&) = delete;
  virtual ~VirtualClient() = default;

  virtual void start(Instant now) = 0;
  virtual void leave(Instant now) = 0;

  /// Whether a connection to `server()` should be open now.
  [[nodiscard]] virtual bool wants_stream() const = 0;
  [[nodiscard]] virtual const SocketAddress& server() const = 0;
  virtual void handle_stream_bytes(Instant now, Bytes bytes) = 0;
  virtual void handle_stream_closed(Instant now) = 0;
  [[nodiscard]] virtual Buffer poll_stream_output() = 0;

  virtual void handle_timeout(Instant now) = 0;
  [[nodiscard]] virtual Instant next_timeout() const = 0;

  [[nodiscard]] virtual Phase phase() const = 0;
  [[nodiscard]] virtual std::string failure() const = 0;
  /// When it asked to be let in: the POST, or `join`.
  [[nodiscard]] virtual std::optional<Instant> asked_at() const = 0;
  [[nodiscard]] virtual testpeer::MediaSession& media() = 0;
};

}  // namespace visavis::load
