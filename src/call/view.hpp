#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "call/room.hpp"
#include "call/source.hpp"

/// Which stream stands behind which slot of a viewer. Policy only: it knows no media, and says the
/// same for the same input.
namespace visavis::call {

/// Somebody the viewer shows.
struct Tile {
  std::string participant;          ///< Id.
  Source source = Source::kCamera;  ///< A video source.
  std::string stream{};             ///< Id, instead of the source; "" for none.
  std::uint32_t width = 0;          ///< Device pixels; 0 × 0: heard only.
  std::uint32_t height = 0;
  std::uint8_t priority = 0;  ///< Higher first.
  bool pinned = false;        ///< Before all that are not.

  [[nodiscard]] bool hidden() const { return width == 0 && height == 0; }
};

/// A slot as the answer fixed it.
struct SlotPlace {
  bool video = false;
  std::optional<std::uint16_t> seat{};  ///< None: an audio-only slot, a voice.
};

/// Why a tile shows no picture, in the protocol's words.
enum class TileReason : std::uint8_t {
  kNoSeat,
  kNoSuchParticipant,
  kNotPublishing,
  kMuted,
  kHidden,
  kConnecting,
  kPublisherLost,
  kWaitingForKeyframe,
  kCodecUnsupported,
};
[[nodiscard]] std::string_view to_string(TileReason reason);

/// What should be behind a slot.
struct SlotPlan {
  std::optional<FlowId> flow{};
  std::optional<TileReason> reason{};  ///< Of a video slot with a tile and without a flow.

  friend bool operator==(const SlotPlan&, const SlotPlan&) = default;
};

/// Where a tile went.
struct TilePlan {
  std::string participant;
  Source source = Source::kCamera;
  std::optional<std::uint16_t> seat{};
  std::optional<TileReason> reason{};  ///< As far as it is known without the media.

  friend bool operator==(const TilePlan&, const TilePlan&) = default;
};

struct Plan {
  std::vector<SlotPlan> slots;  ///< Beside the pool.
  std::vector<TilePlan> tiles;  ///< Beside the view.
};

/// Whom the audio-only slots are for.
enum class Voices : std::uint8_t { kEveryone, kTilesOnly };

/// Seats the tiles of one viewer, and fills its audio-only slots.
///
/// Tiles are served in the order pinned, priority, place in the list. A tile keeps its seat as long
/// as it is served, and a voice its slot as long as it is among those to be heard: what does not
/// have to move does not move. A participant with a camera tile is heard through that seat, for
/// good; everyone else through the voices: first those who have another tile, then the loudest,
/// then whoever is there already, then anyone. Muted microphones take no voice. Nobody hears
/// himself. With `Voices::kTilesOnly` nobody without a tile is heard.
class SeatPlanner {
 public:
  explicit SeatPlanner(Voices voices = Voices::kEveryone) : voices_for_(voices) {}

  /// A pool only grows; a new transport's pool is another planner's.
  void set_pool(std::vector<SlotPlace> pool);
  void set_view(std::vector<Tile> view) { view_ = std::move(view); }
  [[nodiscard]] const std::vector<SlotPlace>& pool() const { return pool_; }
  [[nodiscard]] const std::vector<Tile>& view() const { return view_; }

  /// Works everything out anew, but for what may stay.
  [[nodiscard]] Plan plan(const Room& room, ParticipantKey viewer);

 private:
  /// What a seat is kept for.
  struct Sitter {
    std::string participant;
    Source source = Source::kCamera;
    std::string stream;

    friend bool operator==(const Sitter&, const Sitter&) = default;
  };
  [[nodiscard]] static Sitter sitter_of(const Tile& tile) {
    return {.participant = tile.participant, .source = tile.source, .stream = tile.stream};
  }

  [[nodiscard]] std::vector<std::size_t> serving_order(const Room& room) const;
  void seat_tiles(const Room& room, Plan& plan);
  void fill_seats(const Room& room, ParticipantKey viewer, Plan& plan) const;
  [[nodiscard]] SlotPlan seen(const Sitter& sitter, const Participant& participant) const;
  [[nodiscard]] const Stream* heard(const Sitter& sitter, const Participant& participant) const;
  void fill_voices(const Room& room, ParticipantKey viewer, Plan& plan);
  [[nodiscard]] std::vector<FlowId> voice_candidates(const Room& room, ParticipantKey viewer,
                                                     const Plan& plan) const;
  [[nodiscard]] bool has_seat(const std::string& participant) const;
  [[nodiscard]] bool has_camera_seat(const std::string& participant) const;
  [[nodiscard]] bool may_be_heard(const std::string& participant) const;

  Voices voices_for_;
  std::vector<SlotPlace> pool_;
  std::vector<Tile> view_;
  std::vector<std::optional<Sitter>> seats_;
  std::vector<std::optional<FlowId>> voices_;  // Beside the pool; only audio-only slots are used.
};

}  // namespace visavis::call
