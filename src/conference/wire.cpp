#include "conference/wire.hpp"

#include <chrono>
#include <cmath>

namespace visavis::conference {
namespace {

void write_codec(json::Writer& to, const sdp::OfferedCodec& codec) {
  const rtp::CodecName name = codec.line.format.codec;
  const bool audio = rtp::kind_of(name) == rtp::MediaKind::kAudio;
  to.begin_object();
  to.member("mimeType",
            std::string(audio ? "audio/" : "video/") + std::string(rtp::to_string(name)));
  to.member("clockRate", rtp::clock_rate(name));
  if (audio) {
    to.member("channels", 2);
  }
  // VP8's parameters are limits of the offerer's own decoder and were not agreed on.
  if (!codec.fmtp.empty() && name != rtp::CodecName::kVp8) {
    to.member("sdpFmtpLine", codec.fmtp);
  }
  to.end_object();
}

sdp::OfferedCodec codec_of(rtp::Format format, std::string fmtp) {
  return {.line = {.format = format, .payload_type = {}, .rtx = {}}, .fmtp = std::move(fmtp)};
}

void write_codecs(json::Writer& to, const Options& options) {
  to.begin_object().key("audio").begin_array();
  write_codec(to, codec_of({.codec = rtp::CodecName::kOpus}, "minptime=10;useinbandfec=1"));
  to.end_array().key("video").begin_array();
  write_codec(to, codec_of({.codec = rtp::CodecName::kVp8}, ""));
  write_codec(to, codec_of({.codec = rtp::CodecName::kH264},
                           "level-asymmetry-allowed=1;packetization-mode=1;"
                           "profile-level-id=42e01f"));
  if (options.accept_vp9) {
    write_codec(to, codec_of({.codec = rtp::CodecName::kVp9}, "profile-id=0"));
  }
  if (options.accept_av1) {
    write_codec(to, codec_of({.codec = rtp::CodecName::kAv1}, ""));
  }
  to.end_array().end_object();
}

void write_ice_servers(json::Writer& to, const std::vector<IceServer>& servers) {
  to.begin_array();
  for (const IceServer& server : servers) {
    to.begin_object().key("urls").begin_array();
    for (const std::string& url : server.urls) {
      to.string(url);
    }
    to.end_array();
    if (!server.username.empty()) {
      to.member("username", server.username).member("credential", server.credential);
    }
    to.end_object();
  }
  to.end_array();
}

std::int64_t whole_seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

void write_limits(json::Writer& to, const Options& options) {
  const call::Limits& limits = options.limits;
  to.begin_object();
  to.member("nameCharacters", limits.name_characters);
  to.member("roomNameCharacters", limits.room_name_characters);
  to.member("metadataBytes", limits.metadata_bytes);
  to.member("messageBytes", limits.message_bytes);
  to.member("messagesPerSecond", std::llround(limits.messages_per_second));
  to.member("offerBytes", limits.offer_bytes);
  to.member("streamsPerParticipant", limits.streams_per_participant);
  to.member("participantsPerRoom", limits.participants_per_room);
  to.member("tiles", limits.tiles);
  to.member("resumeSeconds", whole_seconds(options.resume_timeout));
  to.member("prepareSeconds", whole_seconds(options.prepare_timeout));
  to.end_object();
}

void write_refusal(json::Writer& to, const Refusal& refusal) {
  to.member("code", to_string(refusal.code)).member("message", refusal.message);
}

std::string_view connection_of(const call::Participant& participant) {
  return participant.connected() ? "connected" : "lost";
}

}  // namespace

json::Raw welcome(const Options& options) {
  json::Writer to;
  to.begin_object().member("protocol", kProtocolVersion).key("iceServers");
  write_ice_servers(to, options.ice_servers);
  to.key("codecs");
  write_codecs(to, options);
  to.key("limits");
  write_limits(to, options);
  to.key("seats").begin_object();
  to.member("initial", options.seats.initial).member("voices", options.seats.voices);
  to.member("step", options.seats.step).member("max", options.seats.max).end_object();
  to.end_object();
  return std::move(to).take();
}

json::Raw failure_ack(const Refusal& refusal) {
  json::Writer to;
  to.begin_object().member("ok", false).key("error").begin_object();
  write_refusal(to, refusal);
  to.end_object().end_object();
  return std::move(to).take();
}

json::Raw done_ack() {
  return {.text = R"({"ok":true})"};
}

json::Raw changed_ack(std::uint64_t revision) {
  json::Writer to;
  to.begin_object().member("ok", true).member("revision", revision).end_object();
  return std::move(to).take();
}

json::Raw error_event(const Refusal& refusal, std::string_view request) {
  json::Writer to;
  to.begin_object();
  write_refusal(to, refusal);
  if (!request.empty()) {
    to.member("event", request);
  }
  to.end_object();
  return std::move(to).take();
}

void write_stream(json::Writer& to, const call::Stream& stream) {
  to.begin_object().member("id", stream.id);
  to.member("kind", call::is_video(stream.source) ? "video" : "audio");
  to.member("source", call::to_string(stream.source)).member("muted", stream.muted);
  to.end_object();
}

void write_participant(json::Writer& to, const call::Participant& participant) {
  to.begin_object().member("id", participant.id).member("name", participant.name);
  to.key("metadata").raw(participant.metadata);
  to.member("connection", connection_of(participant)).key("streams").begin_array();
  for (const call::Stream& stream : participant.streams) {
    write_stream(to, stream);
  }
  to.end_array().end_object();
}

void write_slot_lines(json::Writer& to, const std::vector<sdp::Slot>& slots) {
  to.begin_array();
  for (const sdp::Slot& slot : slots) {
    to.begin_object().member("slot", slot.line.slot).member("mid", slot.line.mid);
    to.member("kind", rtp::to_string(slot.line.kind));
    if (slot.seat) {
      to.member("seat", *slot.seat);
    }
    to.end_object();
  }
  to.end_array();
}

json::Raw participant_joined(const call::Room& room, const call::Participant& participant) {
  json::Writer to;
  to.begin_object().key("participant");
  write_participant(to, participant);
  to.member("revision", room.revision()).end_object();
  return std::move(to).take();
}

json::Raw participant_left(const call::Room& room, std::string_view participant, bool lost) {
  json::Writer to;
  to.begin_object().member("participantId", participant).member("reason", lost ? "lost" : "left");
  to.member("revision", room.revision()).end_object();
  return std::move(to).take();
}

json::Raw connection_updated(const call::Room& room, const call::Participant& participant) {
  json::Writer to;
  to.begin_object().member("participantId", participant.id);
  to.member("connection", connection_of(participant));
  to.member("revision", room.revision()).end_object();
  return std::move(to).take();
}

json::Raw stream_published(const call::Room& room, const call::Participant& participant,
                           const call::Stream& stream) {
  json::Writer to;
  to.begin_object().member("participantId", participant.id).key("stream");
  write_stream(to, stream);
  to.member("revision", room.revision()).end_object();
  return std::move(to).take();
}

json::Raw stream_unpublished(const call::Room& room, const call::Participant& participant,
                             std::string_view stream) {
  json::Writer to;
  to.begin_object().member("participantId", participant.id).member("streamId", stream);
  to.member("revision", room.revision()).end_object();
  return std::move(to).take();
}

json::Raw stream_muted(const call::Room& room, const call::Participant& participant,
                       const call::Stream& stream) {
  json::Writer to;
  to.begin_object().member("participantId", participant.id).member("streamId", stream.id);
  to.member("muted", stream.muted).member("revision", room.revision()).end_object();
  return std::move(to).take();
}

json::Raw speakers(const call::Room& room) {
  json::Writer to;
  to.begin_object().key("speakers").begin_array();
  for (const call::FlowId flow : room.loudest()) {
    if (const auto [participant, stream] = room.find(flow); stream != nullptr) {
      to.begin_object().member("participantId", participant->id);
      to.member("streamId", stream->id).end_object();
    }
  }
  to.end_array().end_object();
  return std::move(to).take();
}

json::Raw codec_request(const call::Stream& stream, const sdp::OfferedCodec& codec) {
  json::Writer to;
  to.begin_object().member("streamId", stream.id).member("mid", stream.mid);
  to.member("payloadType", codec.line.payload_type.value()).key("codec");
  write_codec(to, codec);
  to.end_object();
  return std::move(to).take();
}

}  // namespace visavis::conference
