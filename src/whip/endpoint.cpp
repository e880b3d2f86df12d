#include "whip/endpoint.hpp"

#include <array>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "base/shared_bytes.hpp"

namespace visavis::whip {
namespace {

using conference::DirectRole;
using conference::ErrorCode;

constexpr std::string_view kSdp = "application/sdp";
/// What the route reads, so that the call service (whose limit is lower, unless it is configured)
/// can say what is wrong with an offer that is too large.
constexpr std::size_t kBodyBytesMax = std::size_t{2} << 20U;

unsigned status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNoSuchParticipant:
    case ErrorCode::kNoSuchStream: return 404;
    case ErrorCode::kNameTaken: return 409;
    case ErrorCode::kOfferTooLarge: return 413;
    case ErrorCode::kNoMedia: return 422;  // RFC 9725 §4.4.2, §4.4.3
    case ErrorCode::kTooManySessionsFromAddress: return 429;
    case ErrorCode::kTooManySessions:
    case ErrorCode::kTooManyRooms:
    case ErrorCode::kRoomFull:
    case ErrorCode::kShuttingDown:
    case ErrorCode::kInternal: return 503;
    default: return 400;
  }
}

http::Response text(unsigned status, std::string_view sentence) {
  http::Response response = http::text_response(status, std::string(sentence) + '\n');
  if (status == 429 || status == 503) {
    response.headers.add("Retry-After", "5");
  }
  return response;
}

http::Response not_allowed(std::string_view allowed, std::string_view sentence) {
  http::Response response = text(405, sentence);
  response.headers.add("Allow", std::string(allowed));
  return response;
}

http::Response no_such_session() {
  return text(404, "There is no such session, or it has ended.");
}

http::Response no_content() {
  return {.status = 204, .headers = {}, .body = {}};
}

/// Pages of any origin may use this: it knows no cookies, so that they gain nothing by their user's
/// browser. RFC 9725 §4.2 wants OPTIONS to tell `Accept-Post`.
http::Response preflight() {
  http::Response response = no_content();
  response.headers.add("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS, POST, PATCH, DELETE");
  response.headers.add("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match");
  response.headers.add("Access-Control-Max-Age", "86400");
  response.headers.add("Accept-Post", std::string(kSdp));
  return response;
}

/// Without parameters, such as a charset.
bool is_sdp(const http::Request& request) {
  std::string_view type = request.headers.find("Content-Type").value_or("");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) {
    type.remove_suffix(1);
  }
  return http::equal_ignoring_case(type, kSdp);
}

}  // namespace

Endpoint::Endpoint(http::Server& server, conference::CallService& calls)
    : server_(server), calls_(calls) {
  serve("/whip/", DirectRole::kPublisher);
  serve("/whep/", DirectRole::kPlayer);
}

void Endpoint::serve(std::string_view prefix, DirectRole role) {
  server_.route({.path_prefix = std::string(prefix),
                 .handle =
                     [this, role, length = prefix.size()](Instant now, http::RequestId id,
                                                          const http::Request& request) {
                       auto response = answer(now, role, request, request.path().substr(length));
                       response.headers.add("Access-Control-Allow-Origin", "*");
                       response.headers.add("Access-Control-Expose-Headers",
                                            "Location, ETag, Allow, Accept-Post, Retry-After");
                       server_.respond(now, id, std::move(response));
                     },
                 .begin = {},
                 .body_bytes_max = kBodyBytesMax});
}

http::Response Endpoint::answer(Instant now, DirectRole role, const http::Request& request,
                                std::string_view path) {
  const auto target = parse_target(path);
  if (!target) {
    return text(404, "The path must be /whip/ROOM/NAME or /whep/ROOM/NAME.");
  }
  if (request.method == "OPTIONS") {
    return preflight();
  }
  // RFC 9725 §4.1: neither endpoints nor sessions have a representation, and GET is told so.
  const bool looks = request.method == "GET" || request.method == "HEAD";
  if (target->session.empty()) {
    if (looks) {
      return no_content();
    }
    return request.method == "POST"
               ? connect(now, role, request, *target)
               : not_allowed("GET, HEAD, OPTIONS, POST",
                             "Sessions are made here by POST of an SDP offer.");
  }
  if (looks) {
    return calls_.has_session(role, target->session) ? no_content() : no_such_session();
  }
  if (request.method == "DELETE") {
    return hang_up(now, role, *target);
  }
  return not_allowed(
      "DELETE, GET, HEAD, OPTIONS",
      "A session can only be ended, by DELETE. It needs no trickle: the server takes "
      "candidates from the checks themselves, and has its own in the answer.");
}

http::Response Endpoint::connect(Instant now, DirectRole role, const http::Request& request,
                                 const Target& target) {
  if (!is_sdp(request)) {
    http::Response response = text(415, "The offer must come as Content-Type: application/sdp.");
    response.headers.add("Accept-Post", std::string(kSdp));
    return response;
  }
  const auto connected = calls_.connect(now, role,
                                        {.room = target.room,
                                         .name = target.name,
                                         .offer = std::string(as_text(request.body)),
                                         .address = request.remote.ip});
  if (!connected) {
    return text(status_of(connected.error().code), connected.error().message);
  }
  http::Response response{.status = 201, .headers = {}, .body = {}};
  response.headers.add("Content-Type", std::string(kSdp));
  response.headers.add("Location", std::string(request.path()) + '/' + connected->session);
  response.headers.add("ETag", '"' + connected->ufrag + '"');  // RFC 9725 §4.3.1
  response.body = share(to_buffer(connected->answer));
  return response;
}

http::Response Endpoint::hang_up(Instant now, DirectRole role, const Target& target) {
  return calls_.hang_up(now, role, target.session) ? text(200, "The session has ended.")
                                                   : no_such_session();
}

}  // namespace visavis::whip
