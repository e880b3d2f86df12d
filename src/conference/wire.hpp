#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "call/room.hpp"
#include "conference/options.hpp"
#include "conference/refusal.hpp"
#include "json/writer.hpp"
#include "sdp/answer.hpp"

/// How the things of a call look on the wire: the objects of docs/protocol.md.
namespace visavis::conference {

inline constexpr int kProtocolVersion = 1;

[[nodiscard]] json::Raw welcome(const Options& options);
[[nodiscard]] json::Raw failure_ack(const Refusal& refusal);
[[nodiscard]] json::Raw done_ack();
[[nodiscard]] json::Raw changed_ack(std::uint64_t revision);
/// `request` is the request that was refused, if one was.
[[nodiscard]] json::Raw error_event(const Refusal& refusal, std::string_view request = {});

void write_stream(json::Writer& to, const call::Stream& stream);
void write_participant(json::Writer& to, const call::Participant& participant);
void write_slot_lines(json::Writer& to, const std::vector<sdp::Slot>& slots);

[[nodiscard]] json::Raw participant_joined(const call::Room& room,
                                           const call::Participant& participant);
[[nodiscard]] json::Raw participant_left(const call::Room& room, std::string_view participant,
                                         bool lost);
/// Only the connection.
[[nodiscard]] json::Raw connection_updated(const call::Room& room,
                                           const call::Participant& participant);
[[nodiscard]] json::Raw stream_published(const call::Room& room,
                                         const call::Participant& participant,
                                         const call::Stream& stream);
[[nodiscard]] json::Raw stream_unpublished(const call::Room& room,
                                           const call::Participant& participant,
                                           std::string_view stream);
[[nodiscard]] json::Raw stream_muted(const call::Room& room, const call::Participant& participant,
                                     const call::Stream& stream);
[[nodiscard]] json::Raw speakers(const call::Room& room);
/// Asks a publisher for another codec of its own offer.
[[nodiscard]] json::Raw codec_request(const call::Stream& stream, const sdp::OfferedCodec& codec);

}  // namespace visavis::conference
