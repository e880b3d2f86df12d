#include "sfu/speakers.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace visavis::sfu {
namespace {

constexpr std::uint8_t kSilent = 127;  // RFC 6464 §3

}  // namespace

void Voice::hear(Instant now, std::uint8_t below_full_dbov) {
  if (muted_) {
    return;
  }
  const double level = kSilent - std::min(below_full_dbov, kSilent);
  const double before = loudness(now);
  loudness_ = before + ((level - before) * (level > before ? kAttack : kRelease));
  heard_at_ = now;
}

void Voice::set_muted(bool muted) {
  muted_ = muted;
  loudness_ = 0;
}

double Voice::loudness(Instant now) const {
  return now - heard_at_ > kSilence ? 0 : loudness_;
}

void RoomSpeakers::remove(const Voice& voice) {
  std::erase(voices_, &voice);
}

std::optional<std::vector<StreamId>> RoomSpeakers::rank(Instant now) {
  std::vector<Speaker> ranked;
  const auto loudness_of = [&](StreamId stream) {
    const auto at = std::ranges::find(voices_, stream, &Voice::stream);
    return at == voices_.end() ? 0.0 : (*at)->loudness(now);
  };
  for (const Speaker& speaker : speakers_) {
    if (const double loudness = loudness_of(speaker.stream); loudness >= kStillSpeaks) {
      ranked.push_back({speaker.stream, loudness});
    }
  }
  for (const Voice* voice : voices_) {
    const bool is_ranked =
        std::ranges::find(ranked, voice->stream(), &Speaker::stream) != ranked.end();
    if (!is_ranked && voice->loudness(now) >= kSpeaks) {
      ranked.push_back({voice->stream(), voice->loudness(now)});
    }
  }
  // Insertion in the old order: each moves up past those that it clearly overtakes.
  for (std::size_t index = 1; index < ranked.size(); ++index) {
    for (std::size_t at = index;
         at > 0 && ranked[at].loudness > ranked[at - 1].loudness + kOvertakes; --at) {
      std::swap(ranked[at], ranked[at - 1]);
    }
  }
  ranked.resize(std::min(ranked.size(), kSpeakersMax));
  const bool same = std::ranges::equal(ranked, speakers_, {}, &Speaker::stream, &Speaker::stream);
  speakers_ = std::move(ranked);
  if (same) {
    return std::nullopt;
  }
  std::vector<StreamId> order;
  std::ranges::transform(speakers_, std::back_inserter(order), &Speaker::stream);
  return order;
}

}  // namespace visavis::sfu
