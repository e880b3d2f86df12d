#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "call/limits.hpp"
#include "dtls/fingerprint.hpp"

namespace visavis::conference {

/// As RTCIceServer; passed on to clients in `welcome`.
struct IceServer {
  std::vector<std::string> urls;
  std::string username;
  std::string credential;
};

/// How many m-lines a client should offer (`welcome.seats`).
struct SeatPlan {
  std::uint16_t initial = 6;  ///< Shows any small call without a further offer, and stays small.
  std::uint16_t voices = 3;   ///< More than three voices at once nobody understands.
  std::uint16_t step = 8;
  std::uint16_t max = 49;  ///< 7 × 7, the largest grid in use anywhere.
};

struct Options {
  /// Of the media workers' certificate; goes into every answer.
  dtls::Fingerprint fingerprint;
  /// Where media is received, in the order of preference; goes into every answer.
  std::vector<SocketAddress> candidates;
  std::vector<IceServer> ice_servers;
  SeatPlan seats;
  call::Limits limits;
  bool accept_vp9 = false;  ///< From publishers.
  bool accept_av1 = false;

  /// How long a participant is kept after its socket was lost: a tunnel, a change of network.
  Duration resume_timeout = std::chrono::seconds(60);
  /// How many of them; above it the one that is lost the longest goes at once. One with media costs
  /// 53 kB, and a client that joins and vanishes again and again leaves as many as it likes. As
  /// many as a worker has peers, for all may lose their sockets together.
  std::size_t lost_max = 5'000;
  /// How long a prepared transport waits for its `join`: while somebody looks at the preview.
  Duration prepare_timeout = std::chrono::seconds(30);
  /// A worker answers at once; by then it has been lost or is overloaded.
  Duration stats_timeout = std::chrono::seconds(2);
  std::size_t prepared_max = 200;  ///< Each holds ICE and DTLS state of nobody known.
  std::size_t prepared_per_address_max = 10;
  /// Clients without a socket. Fewer than the worker's peers, so that calls always find room.
  std::size_t direct_max = 4'500;
  /// Not all: one address cannot lock all others out. Many, for a proxy or a NAT in front of an
  /// audience is one address.
  std::size_t direct_per_address_max = 4'000;
  /// ICE gives up after 30 s, and says so; this is for a peer of which the worker never speaks.
  Duration direct_connect_timeout = std::chrono::seconds(40);
  double requests_per_second = 100;  ///< Each socket; a busy client needs a few.
  /// Commands that no worker has taken yet, beyond which requests are refused; far above what a
  /// full room joining at once needs.
  std::size_t commands_max = 100'000;
};

}  // namespace visavis::conference
