#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "sfu/ids.hpp"

namespace visavis::sfu {

/// How loud one audio stream has been of late, from the levels that its packets carry (RFC 6464).
class Voice {
 public:
  explicit Voice(StreamId stream) : stream_(stream) {}

  /// `below_full_dbov`: 0 is as loud as it gets, 127 silence.
  void hear(Instant now, std::uint8_t below_full_dbov);
  /// A muted one is not heard, whatever its packets say.
  void set_muted(bool muted);

  [[nodiscard]] StreamId stream() const { return stream_; }
  /// Smoothed, in dB above silence (0 to 127); 0 when nothing came for a while.
  [[nodiscard]] double loudness(Instant now) const;

 private:
  /// Packets come every 20 ms: a word counts within 100 ms, and pauses between words do not.
  static constexpr double kAttack = 0.2;
  static constexpr double kRelease = 0.03;
  /// With DTX a silent publisher sends a packet every 400 ms; none at all for longer is silence.
  static constexpr Duration kSilence = std::chrono::milliseconds(600);

  StreamId stream_;
  double loudness_ = 0;
  Instant heard_at_{};
  bool muted_ = false;
};

/// Who speaks in a room, the loudest first.
class RoomSpeakers {
 public:
  /// How often, at most, the order may change.
  static constexpr Duration kInterval = std::chrono::milliseconds(200);
  /// A speaker of note is louder than -50 dBov (a quiet voice at a laptop), and stays one down to
  /// -60 dBov (above a room's noise).
  static constexpr double kSpeaks = 77;
  static constexpr double kStillSpeaks = 67;
  /// Somebody must be louder by this to overtake, lest two voices change places all the time.
  static constexpr double kOvertakes = 6;
  /// Nobody needs to know more; tiles and audio slots are fewer.
  static constexpr std::size_t kSpeakersMax = 32;

  /// `voice` is lent until it is removed.
  void add(Voice& voice) { voices_.push_back(&voice); }
  void remove(const Voice& voice);
  [[nodiscard]] bool empty() const { return voices_.empty(); }

  /// The new order, if it is another than before.
  [[nodiscard]] std::optional<std::vector<StreamId>> rank(Instant now);

 private:
  struct Speaker {
    StreamId stream;
    double loudness = 0;
  };

  std::vector<Voice*> voices_;
  std::vector<Speaker> speakers_;  ///< Loudest first, as told last.
};

}  // namespace visavis::sfu
