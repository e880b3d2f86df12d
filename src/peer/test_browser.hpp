#pragma once

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/byte_writer.hpp"
#include "base/check.hpp"
#include "base/datagram_batch.hpp"
#include "base/random.hpp"
#include "dtls/session.hpp"
#include "ice/full_agent.hpp"
#include "sim/seeded_entropy.hpp"
#include "srtp/opener.hpp"
#include "srtp/sealer.hpp"

/// A browser's transport for this module's tests and fuzz target: full ICE, DTLS, SRTP.
namespace visavis::peer {

inline dtls::Identity make_identity(std::uint64_t seed,
                                    dtls::SrtpProfiles srtp = dtls::SrtpProfiles::kAll) {
  sim::SeededEntropy entropy(seed);
  return dtls::Identity::make(entropy, srtp);
}

/// The smallest RTP packet of stream `ssrc` with some payload.
inline Buffer rtp_packet(std::uint16_t sequence, std::uint32_t ssrc = 1111) {
  std::array<std::byte, 32> bytes{};
  ByteWriter writer(bytes);
  writer.u16(0x8060);
  writer.u16(sequence);
  writer.u32(90'000);
  writer.u32(ssrc);
  writer.bytes(as_bytes("some payload"));
  return to_buffer(writer.written());
}

/// An empty receiver report.
inline Buffer rtcp_packet(std::uint32_t ssrc = 1111) {
  std::array<std::byte, 8> bytes{};
  ByteWriter writer(bytes);
  writer.u32(0x80C90001);
  writer.u32(ssrc);
  return to_buffer(writer.written());
}

class TestBrowser {
 public:
  TestBrowser(Instant now, ice::FullAgent::Setup setup, dtls::Identity identity,
              dtls::Fingerprint server, dtls::Role role = dtls::Role::kClient)
      : ice(now, std::move(setup), Random(3)),
        dtls(role, std::move(identity), std::move(server)),
        role_(role) {}

  void handle_datagram(Instant now, const Route& route, MutableBytes datagram) {
    const auto first = std::to_integer<unsigned>(datagram.front());
    if (first <= 3) {
      ice.handle_datagram(now, route, datagram);
      begin_dtls(now);
    } else if (first <= 63) {
      dtls.handle_datagram(now, datagram);
      take_keys();
    } else if (opener) {
      const auto opened = opener->open_rtp(datagram);
      received += opened ? 1U : 0U;
    }
  }

  void handle_timeout(Instant now) {
    ice.handle_timeout(now);
    dtls.handle_timeout(now);
  }

  [[nodiscard]] Instant next_timeout() const {
    return std::min(ice.next_timeout(), dtls.next_timeout());
  }

  [[nodiscard]] bool poll_transmit(DatagramBatch& out) {
    if (ice.poll_transmit(out)) {
      return true;
    }
    const Bytes datagram = ice.route() ? dtls.poll_transmit() : Bytes{};
    if (datagram.empty()) {
      return false;
    }
    std::ranges::copy(datagram, out.reserve().begin());
    out.commit(*ice.route(), datagram.size());
    return true;
  }

  [[nodiscard]] Buffer sealed_rtp(Buffer packet) {
    const std::size_t size = packet.size();
    packet.resize(size + sealer->overhead_rtp());
    packet.resize(sealer->seal_rtp(packet, size));
    return packet;
  }
  [[nodiscard]] Buffer sealed_rtcp(Buffer packet) {
    const std::size_t size = packet.size();
    packet.resize(size + sealer->overhead_rtcp());
    packet.resize(sealer->seal_rtcp(packet, size));
    return packet;
  }

  ice::FullAgent ice;
  dtls::Session dtls;
  std::optional<srtp::Opener> opener;
  std::optional<srtp::Sealer> sealer;
  unsigned received = 0;

 private:
  void begin_dtls(Instant now) {
    if (role_ == dtls::Role::kClient && !begun_ &&
        ice.state() == ice::FullAgent::State::kConnected) {
      begun_ = true;
      dtls.start(now);
    }
  }
  void take_keys() {
    if (dtls.keys() == nullptr || opener) {
      return;
    }
    const auto profile = srtp::profile_of(dtls.keys()->profile);
    const auto keys = srtp::split_keys(*profile, dtls.keys()->material);
    const bool client = role_ == dtls::Role::kClient;
    const srtp::MasterKey& ours = client ? keys->client : keys->server;
    const srtp::MasterKey& theirs = client ? keys->server : keys->client;
    opener.emplace(keys->profile, theirs.key, theirs.salt);
    sealer.emplace(keys->profile, ours.key, ours.salt);
  }

  dtls::Role role_;
  bool begun_ = false;
};

}  // namespace visavis::peer
