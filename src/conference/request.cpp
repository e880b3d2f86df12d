#include "conference/request.hpp"

#include <fmt/format.h>

#include <utility>

#include "conference/payload_reader.hpp"

namespace visavis::conference {
namespace {

constexpr std::uint32_t kPixelsMax = 16'384;  // Of a side; no screen has more.

/// What was read, unless something was wrong with it.
template <class Request>
Parsed<Request> result(const PayloadReader& reader, Request request) {
  if (const Refusal* const failure = reader.failure()) {
    return std::unexpected(*failure);
  }
  return request;
}

call::Source read_source(PayloadReader& reader) {
  const auto source = call::source_named(reader.text("source"));
  if (!source) {
    reader.fail(ErrorCode::kInvalidPayload,
                R"("source" must be microphone, camera, screen or screen-audio.)");
  }
  return source.value_or(call::Source::kMicrophone);
}

/// The `publish` list of `join` and `resume`.
std::vector<PublishRequest> read_publish_list(PayloadReader& reader, const call::Limits& limits) {
  const json::Value list = reader.optional_list("publish");
  std::vector<PublishRequest> requests;
  if (list.size() > limits.streams_per_participant) {
    reader.fail(ErrorCode::kTooManyStreams,
                fmt::format("At most {} streams a participant.", limits.streams_per_participant));
    return requests;
  }
  for (const json::Value& element : list.elements()) {
    PayloadReader line(element, limits);
    PublishRequest request{
        .mid = line.text("mid"), .source = read_source(line), .muted = line.flag("muted", false)};
    if (line.text("kind") != (call::is_video(request.source) ? "video" : "audio")) {
      line.fail(ErrorCode::kInvalidPayload, R"("kind" must be the kind of "source".)");
    }
    reader.fail_as(line);
    requests.push_back(std::move(request));
  }
  return requests;
}

call::Tile read_tile(PayloadReader& reader) {
  call::Tile tile{.participant = reader.text("participantId"),
                  .stream = reader.optional_text("streamId").value_or(""),
                  .width = reader.number("width", kPixelsMax),
                  .height = reader.number("height", kPixelsMax),
                  .priority = static_cast<std::uint8_t>(reader.number("priority", 255, 0)),
                  .pinned = reader.flag("pinned", false)};
  if (const auto source = reader.optional_text("source")) {
    const auto named = call::source_named(*source);
    if (!named || !call::is_video(*named)) {
      reader.fail(ErrorCode::kInvalidPayload, R"("source" of a tile must be camera or screen.)");
    }
    tile.source = named.value_or(call::Source::kCamera);
  }
  return tile;
}

}  // namespace

Parsed<PrepareRequest> parse_prepare(const json::Value& payload, const call::Limits& limits) {
  PayloadReader reader(payload, limits);
  PrepareRequest request{.room = reader.room_name("room"), .offer = reader.offer("offer")};
  reader.check_token("token");
  return result(reader, std::move(request));
}

Parsed<JoinRequest> parse_join(const json::Value& payload, const call::Limits& limits) {
  PayloadReader reader(payload, limits);
  JoinRequest request{.room = reader.room_name("room"),
                      .name = reader.name("name"),
                      .metadata = reader.optional_metadata("metadata").value_or("null"),
                      .offer = reader.optional_offer("offer"),
                      .publish = read_publish_list(reader, limits)};
  reader.check_token("token");
  return result(reader, std::move(request));
}

Parsed<ResumeRequest> parse_resume(const json::Value& payload, const call::Limits& limits) {
  PayloadReader reader(payload, limits);
  ResumeRequest request{
      .token = reader.text("token"), .offer = reader.optional_offer("offer"), .publish = {}};
  if (reader.has("publish")) {
    request.publish = read_publish_list(reader, limits);
  }
  return result(reader, std::move(request));
}

Parsed<PublishRequest> parse_publish(const json::Value& payload) {
  PayloadReader reader(payload, {});
  PublishRequest request{.mid = reader.text("mid"),
                         .source = read_source(reader),
                         .muted = reader.flag("muted", false)};
  return result(reader, std::move(request));
}

Parsed<std::string> parse_unpublish(const json::Value& payload) {
  PayloadReader reader(payload, {});
  std::string stream = reader.text("streamId");
  return result(reader, std::move(stream));
}

Parsed<MuteRequest> parse_mute(const json::Value& payload) {
  PayloadReader reader(payload, {});
  MuteRequest request{.stream = reader.text("streamId"), .muted = reader.flag("muted")};
  return result(reader, std::move(request));
}

Parsed<UpdateRequest> parse_update(const json::Value& payload, const call::Limits& limits) {
  PayloadReader reader(payload, limits);
  UpdateRequest request;
  if (reader.has("name")) {
    request.name = reader.name("name");
  }
  request.metadata = reader.optional_metadata("metadata");
  return result(reader, std::move(request));
}

Parsed<std::vector<call::Tile>> parse_view(const json::Value& payload, const call::Limits& limits) {
  PayloadReader reader(payload, limits);
  const json::Value list = reader.optional_list("tiles");
  if (!reader.has("tiles")) {
    reader.fail(ErrorCode::kInvalidPayload, R"("tiles" must be an array.)");
  }
  if (list.size() > limits.tiles) {
    return refuse(ErrorCode::kTooManyTiles, fmt::format("At most {} tiles a view.", limits.tiles));
  }
  std::vector<call::Tile> tiles;
  for (const json::Value& element : list.elements()) {
    PayloadReader tile(element, limits);
    tiles.push_back(read_tile(tile));
    reader.fail_as(tile);
  }
  return result(reader, std::move(tiles));
}

Parsed<std::string> parse_renegotiate(const json::Value& payload, const call::Limits& limits) {
  PayloadReader reader(payload, limits);
  std::string offer = reader.offer("offer");
  return result(reader, std::move(offer));
}

Parsed<MessageRequest> parse_message(const json::Value& payload, const call::Limits& limits) {
  PayloadReader reader(payload, limits);
  MessageRequest request{
      .to = reader.optional_text("to"), .text = payload["text"], .data = payload.find("data")};
  if (reader.has("text") == request.data.has_value()) {
    reader.fail(ErrorCode::kInvalidPayload, R"(Either "text" or "data" must be there.)");
  } else if (reader.has("text") && !request.text.is_string()) {
    reader.fail(ErrorCode::kInvalidPayload, R"("text" must be a string.)");
  }
  const std::size_t size = request.data ? request.data->raw().size() : request.text.raw().size();
  if (size > limits.message_bytes) {
    reader.fail(ErrorCode::kMessageTooLarge,
                fmt::format("A message has at most {} bytes of JSON.", limits.message_bytes));
  }
  return result(reader, std::move(request));
}

}  // namespace visavis::conference
