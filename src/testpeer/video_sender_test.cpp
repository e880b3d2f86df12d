#include "testpeer/video_sender.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <vector>

namespace visavis::testpeer {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{1'000s};
constexpr std::byte kMarkerBit{0x80};

/// What leaves at one moment.
struct Burst {
  Instant at;
  std::size_t packets = 0;
  std::size_t bytes = 0;
  bool ends_frame = false;
};

std::vector<Burst> bursts_of(VideoSource::Options options, Duration span) {
  Random random(1);
  srtp::Sealer sealer(srtp::Profile::kAeadAes128Gcm, Buffer(srtp::kKeyBytes),
                      Buffer(srtp::salt_bytes(srtp::Profile::kAeadAes128Gcm)));
  SendContext context{.extensions = {}, .sealer = &sealer};
  VideoSender sender(VideoSource(options, Random(1)),
                     SendStream({.mid = "0",
                                 .ssrc = rtp::Ssrc(1),
                                 .rtx_ssrc = {},
                                 .payload_type = rtp::PayloadType(96),
                                 .rtx = {}},
                                random));
  sender.start(kStart);
  std::vector<Burst> bursts;
  std::array<std::byte, 1500> cell{};
  for (Instant now = kStart; now < kStart + span; now += 1ms) {
    sender.handle_timeout(now);
    Burst burst{.at = now};
    while (const std::size_t size = sender.poll_packet(now, context, cell)) {
      ++burst.packets;
      burst.bytes += size;
      burst.ends_frame = (cell[1] & kMarkerBit) == kMarkerBit;
    }
    if (burst.packets > 0) {
      bursts.push_back(burst);
    }
  }
  return bursts;
}

TEST(VideoSender, LetsAFrameOfOrdinarySizeGoAtOnce) {
  const auto bursts = bursts_of({.key_bytes = 6'000}, 10s);
  EXPECT_EQ(bursts.size(), 300U);
  std::size_t packets = 0;
  for (const Burst& burst : bursts) {
    EXPECT_TRUE(burst.ends_frame);
    packets += burst.packets;
  }
  EXPECT_GT(packets, 300U * 5);
}

TEST(VideoSender, LetsNoMoreGoAtOnceThanThePacingRateCarriesInABurst) {
  const std::size_t carried = 1'500'000 / 8 * VideoSender::kPacingPercent / 100 * 40 / 1000;
  const auto bursts = bursts_of({.key_bytes = 60'000}, 100ms);
  ASSERT_GE(bursts.size(), 3U);
  for (std::size_t at = 0; at < 2; ++at) {
    EXPECT_FALSE(bursts[at].ends_frame);
    EXPECT_GE(bursts[at].bytes, carried);
    EXPECT_LT(bursts[at].bytes, carried + 1'200) << "a packet more";
    EXPECT_GE(bursts[at + 1].at - bursts[at].at, VideoSender::kBurst) << "when it is paid";
    EXPECT_LE(bursts[at + 1].at - bursts[at].at, VideoSender::kBurst + 4ms);
  }
}

TEST(VideoSender, LetsNoMoreGoAtOnceThanSocketsTake) {
  const auto bursts = bursts_of({.bits_per_second = 50'000'000, .key_bytes = 300'000}, 10ms);
  ASSERT_FALSE(bursts.empty());
  EXPECT_GE(bursts[0].bytes, VideoSender::kBurstBytesMax);
  EXPECT_LT(bursts[0].bytes, VideoSender::kBurstBytesMax + 1'200);
}

}  // namespace
}  // namespace visavis::testpeer
