#pragma once

#include <cstddef>
#include <string_view>
#include <variant>

#include "net/mailbox.hpp"
#include "net/udp_socket.hpp"
#include "sfu/command.hpp"
#include "sfu/event.hpp"

namespace visavis::app {

/// What the media thread found to work with.
struct MediaMeans {
  std::string_view cipher;  ///< `sfu::MediaWorker::cipher_name()`; lives as long as the thread.
  std::size_t sockets = 0;
  std::size_t sending_runs = 0;       ///< Sockets with UDP_SEGMENT.
  std::size_t receiving_runs = 0;     ///< Sockets with UDP_GRO.
  std::size_t splitting_reports = 0;  ///< Sockets whose reports have a way in of their own.
};

/// What `/metrics` shows of the media thread.
struct MediaReport {
  sfu::WorkerReport worker;
  net::UdpCounters udp;  ///< All sockets together.
  MediaMeans means;
};

/// A `WorkerReport` crosses as part of a `MediaReport`, never by itself.
using FromMedia = std::variant<sfu::Event, MediaReport>;

/// All that the signalling thread and the media thread share.
struct MediaLink {
  /// A room of 100 that joins at once needs some 20,000 assignments of slots; what does not fit
  /// waits with the conference, which limits it too.
  static constexpr std::size_t kMessagesMax = 16'384;

  net::Mailbox<sfu::Command> commands{kMessagesMax};
  net::Mailbox<FromMedia> events{kMessagesMax};
};

}  // namespace visavis::app
