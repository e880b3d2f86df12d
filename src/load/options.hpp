#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "dtls/identity.hpp"
#include "load/http_exchange.hpp"
#include "rtp/media_parameters.hpp"
#include "sdp/offer.hpp"

namespace visavis::load {

enum class Scenario : std::uint8_t {
  kBroadcast,  ///< One publisher a room, each with `viewers` viewers.
  kMeeting,    ///< Rooms of `people`, each of whom publishes and views `views` others.
  kChurn,      ///< A broadcast, and `churn` viewers a second that come and go beside it.
  kAudio,      ///< `publishers` microphones a room, heard by `viewers`.
};
enum class Over : std::uint8_t { kCall, kWhip };  ///< Socket.IO, or WHIP and WHEP.

/// As it stands on the command line.
[[nodiscard]] constexpr std::string_view to_string(Scenario scenario) {
  switch (scenario) {
    case Scenario::kBroadcast: return "broadcast";
    case Scenario::kMeeting: return "meeting";
    case Scenario::kChurn: return "churn";
    case Scenario::kAudio: return "audio";
  }
  return "";
}

/// All that `visavis-load` can be told.
struct Options {
  /// What one process should not exceed: descriptors, loopback addresses, memory.
  static constexpr std::size_t kClientsMax = 20'000;

  Scenario scenario = Scenario::kBroadcast;
  Over over = Over::kCall;
  Url server;
  std::string whip_template;
  std::string whep_template;
  std::string bearer;

  std::size_t rooms = 1;
  std::size_t viewers = 50;    ///< Of each room.
  std::size_t publishers = 1;  ///< Of each room.
  std::size_t people = 4;
  std::size_t views = 3;
  bool one_room = false;  ///< All publishers in one room, under different names.

  std::uint64_t bitrate = 1'500'000;
  unsigned frames_per_second = 30;
  rtp::CodecName codec = rtp::CodecName::kVp8;
  bool with_audio = true;
  sdp::BrowserShape publisher = sdp::BrowserShape::kChromium;  ///< Whom publishers are like.
  dtls::SrtpProfiles cipher = dtls::SrtpProfiles::kAll;

  double joins_per_second = 100;
  double churn_per_second = 20;
  Duration stay = std::chrono::seconds(1);
  Duration lead = std::chrono::seconds(2);    ///< Publishers alone, before the first viewer.
  Duration settle = std::chrono::seconds(2);  ///< All inside, before it is measured.
  Duration duration = std::chrono::seconds(10);
  std::size_t ramp_step = 0;  ///< 0: no ramp.
  std::size_t ramp_max = 5000;
  bool keep_going = false;  ///< A ramp goes on to its end, whatever a step misses.

  /// How often datagrams are read; zero: when they come. Who sleeps until they come makes the
  /// server pay for waking it in each send, as no client on another machine does.
  Duration read_tick = Duration::zero();
  std::size_t open_one_in = 0;  ///< Viewers whose every packet is opened; 0: chosen by number.
  std::vector<int> server_pids;
  std::string json_file;
  bool allow_remote = false;
  bool quiet = false;
  /// Exit code 1 unless nothing was lost and every viewer saw frames.
  bool strict = false;

  /// Viewers of one of so many are opened whole.
  [[nodiscard]] std::size_t opened_share(std::size_t total) const {
    constexpr std::size_t kFew = 100;
    constexpr std::size_t kOneIn = 16;
    if (open_one_in != 0) {
      return open_one_in;
    }
    return total <= kFew ? 1 : kOneIn;
  }
  [[nodiscard]] std::size_t publishers_in_all() const {
    if (scenario == Scenario::kMeeting) {
      return ramp_step != 0 ? ramp_max : rooms * people;
    }
    return rooms * publishers;
  }
  /// Beside publishers, at the most.
  [[nodiscard]] std::size_t viewers_in_all() const {
    if (scenario == Scenario::kMeeting) {
      return 0;
    }
    return ramp_step != 0 ? ramp_max : rooms * viewers;
  }
};

}  // namespace visavis::load
