#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "call/limits.hpp"
#include "call/source.hpp"
#include "call/view.hpp"
#include "conference/refusal.hpp"
#include "json/value.hpp"

/// The payloads of the client's requests, checked for form: types, sizes, names. Whether they make
/// sense in the call, is not asked here.
namespace visavis::conference {

struct PublishRequest {
  std::string mid;
  call::Source source = call::Source::kMicrophone;
  bool muted = false;
};

struct PrepareRequest {
  std::string room;
  std::string offer;
};

struct JoinRequest {
  std::string room;
  std::string name;
  std::string metadata = "null";  ///< JSON text.
  std::optional<std::string> offer;
  std::vector<PublishRequest> publish;
};

struct ResumeRequest {
  std::string token;
  std::optional<std::string> offer;
  std::optional<std::vector<PublishRequest>> publish;
};

struct MuteRequest {
  std::string stream;
  bool muted = false;
};

struct UpdateRequest {
  std::optional<std::string> name;
  std::optional<std::string> metadata;
};

struct MessageRequest {
  std::optional<std::string> to;
  json::Value text;  ///< A string, or null.
  std::optional<json::Value> data;
};

template <class Request>
using Parsed = std::expected<Request, Refusal>;

[[nodiscard]] Parsed<PrepareRequest> parse_prepare(const json::Value& payload,
                                                   const call::Limits& limits);
[[nodiscard]] Parsed<JoinRequest> parse_join(const json::Value& payload,
                                             const call::Limits& limits);
[[nodiscard]] Parsed<ResumeRequest> parse_resume(const json::Value& payload,
                                                 const call::Limits& limits);
[[nodiscard]] Parsed<PublishRequest> parse_publish(const json::Value& payload);
/// The stream's id.
[[nodiscard]] Parsed<std::string> parse_unpublish(const json::Value& payload);
[[nodiscard]] Parsed<MuteRequest> parse_mute(const json::Value& payload);
[[nodiscard]] Parsed<UpdateRequest> parse_update(const json::Value& payload,
                                                 const call::Limits& limits);
[[nodiscard]] Parsed<std::vector<call::Tile>> parse_view(const json::Value& payload,
                                                         const call::Limits& limits);
/// The offer.
[[nodiscard]] Parsed<std::string> parse_renegotiate(const json::Value& payload,
                                                    const call::Limits& limits);
[[nodiscard]] Parsed<MessageRequest> parse_message(const json::Value& payload,
                                                   const call::Limits& limits);

}  // namespace visavis::conference
