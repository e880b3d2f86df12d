#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "conference/world_sim.hpp"

/// What the scenarios share: people, the networks that they sit in, and what they see and hear.
namespace visavis::conference::sim_world {

using namespace std::chrono_literals;

/// Tells people's streams apart in the stamps of their frames.
[[nodiscard]] inline std::uint32_t camera_of(unsigned person) {
  return 100 + person;
}

[[nodiscard]] inline testpeer::Client::Options person(unsigned number) {
  testpeer::Client::Options options;
  options.name = "person " + std::to_string(number);
  options.media.video.source = camera_of(number);
  options.media.audio.source = 200 + number;
  return options;
}

[[nodiscard]] inline testpeer::Client::Options viewer(unsigned number) {
  testpeer::Client::Options options = person(number);
  options.media.camera = false;
  options.media.microphone = false;
  return options;
}

[[nodiscard]] inline Network path(Duration delay, double loss = 0, Duration jitter = {}) {
  return {.name = "path",
          .up = {.delay = delay, .jitter = jitter, .loss = loss},
          .down = {.delay = delay, .jitter = jitter, .loss = loss}};
}

/// What `who` received of `whom`'s camera, by the slot that shows it now.
[[nodiscard]] inline testpeer::FrameReport frames_of(const testpeer::Client& who,
                                                     const testpeer::Client& whom) {
  const testpeer::SlotReceiver* slot = who.slot_showing(whom.roster().self());
  return slot == nullptr ? testpeer::FrameReport{} : slot->report().video;
}

/// … and of the camera of whoever calls himself `name`.
[[nodiscard]] inline testpeer::FrameReport frames_of(const testpeer::Client& who,
                                                     std::string_view name) {
  const testpeer::RosterEntry* entry = who.roster().find_by_name(name);
  const testpeer::SlotReceiver* slot = entry == nullptr ? nullptr : who.slot_showing(entry->id);
  return slot == nullptr ? testpeer::FrameReport{} : slot->report().video;
}

/// What a player without a socket received.
[[nodiscard]] inline testpeer::FrameReport frames_of(const World::Direct& player) {
  const testpeer::SlotReceiver* slot = player.media->slot(1);
  return slot == nullptr ? testpeer::FrameReport{} : slot->report().video;
}
[[nodiscard]] inline std::uint64_t sounds_of(const World::Direct& player) {
  return player.media->slot(0)->report().audio_packets;
}
[[nodiscard]] inline std::uint64_t breaks_of(const World::Direct& player) {
  return frames_of(player).breaks + player.media->slot(0)->report().audio_breaks +
         player.media->report().unknown_source;
}

[[nodiscard]] inline bool sees(const testpeer::Client& who, const testpeer::Client& whom) {
  return frames_of(who, whom).frames > 0;
}

/// Audio packets that `who` received of `source`, in whichever slot it plays now.
[[nodiscard]] inline std::uint64_t heard(const testpeer::Client& who, std::uint32_t source) {
  std::uint64_t packets = 0;
  for (const testpeer::SlotReceiver& slot : who.media().slots()) {
    const testpeer::SlotReport report = slot.report();
    packets += report.audio_packets > 0 && report.audio_source == source ? report.audio_packets : 0;
  }
  return packets;
}

/// Breaks over all slots: what a decoder would have stumbled over.
[[nodiscard]] inline std::uint64_t breaks(const testpeer::Client& who) {
  std::uint64_t sum = 0;
  for (const testpeer::SlotReceiver& slot : who.media().slots()) {
    const testpeer::SlotReport report = slot.report();
    sum += report.video.breaks + report.audio_breaks + report.damaged;
  }
  return sum;
}

}  // namespace visavis::conference::sim_world
