#include <array>
#include <string>
#include <utility>

#include "engineio/cors.hpp"
#include "engineio/server.hpp"
#include "engineio/session.hpp"
#include "engineio/websocket_stream.hpp"

// The HTTP side: handshakes, polls and posts, answered as Node's server answers them.

namespace visavis::engineio {
namespace {

constexpr std::string_view kTextPollFields =
    "Content-Type: text/plain; charset=UTF-8\r\nCache-Control: no-store\r\n";
constexpr std::string_view kBinaryPollFields =
    "Content-Type: application/octet-stream\r\nCache-Control: no-store\r\n";
constexpr std::string_view kPostFields = "Content-Type: text/html\r\nCache-Control: no-store\r\n";

http::Response text(unsigned status, std::string_view content_type, std::string_view body) {
  http::Response response;
  response.status = status;
  if (!content_type.empty()) {
    response.headers.add("Content-Type", content_type);
  }
  response.body = share(to_buffer(body));
  return response;
}

void append_attribute(std::string& cookie, std::string_view name, std::string_view value) {
  if (!value.empty()) {
    cookie.append("; ").append(name).append("=").append(value);
  }
}

/// An id of the application's own may have what would end the cookie: as JavaScript's
/// encodeURIComponent writes it.
std::string encoded(std::string_view sid) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string value;
  value.reserve(sid.size());
  for (const char letter : sid) {
    if (kPlain.contains(letter)) {
      value += letter;
    } else {
      const auto byte = static_cast<unsigned char>(letter);
      value += '%';
      value += kHex[byte >> 4U];
      value += kHex[byte & 0xFU];
    }
  }
  return value;
}

/// In the order in which npm's `cookie` writes the attributes.
std::string set_cookie_value(const CookieOptions& cookie, const std::string& sid) {
  std::string value = cookie.name + "=" + encoded(sid);
  append_attribute(value, "Max-Age", cookie.max_age_s ? std::to_string(*cookie.max_age_s) : "");
  append_attribute(value, "Domain", cookie.domain);
  append_attribute(value, "Path", cookie.path);
  append_attribute(value, "Expires", cookie.expires);
  value += cookie.http_only ? "; HttpOnly" : "";
  value += cookie.secure ? "; Secure" : "";
  value += cookie.partitioned ? "; Partitioned" : "";
  append_attribute(value, "Priority", cookie.priority);
  append_attribute(value, "SameSite", cookie.same_site);
  return value;
}

/// As JSON, for the message of an application.
std::string quoted(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string json = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      json += '\\';
      json += letter;
    } else if (byte < 0x20U) {
      json.append("\\u00");
      json += kHex[byte >> 4U];
      json += kHex[byte & 0xFU];
    } else {
      json += letter;
    }
  }
  return json + '"';
}

}  // namespace

/// A body is on its way: a second one at the same time ends the session, and so does the client's
/// leaving before it is complete.
void Server::handle_head(Instant now, http::RequestId id, const http::Request& head) {
  if (head.method != "POST") {
    return;
  }
  const Query query(head.query());
  const auto verified = verify(query, head, false);
  if (!verified || *verified == nullptr) {
    return;  // told once the body is here
  }
  Session& session = **verified;
  if (session.polling == nullptr) {
    return;
  }
  std::optional<http::RequestId>& post = session.polling->post;
  if (post && http_.is_open(*post)) {
    end_session(now, session, CloseReason::kTransportError);
    http::Response response = text(400, "", "");
    if (options_.cors && !decide_origin_) {
      add_cors_headers(*options_.cors, options_.cors->origin, head, response.headers);
    }
    http_.respond(now, id, std::move(response));
    return;
  }
  post = id;
  http_.on_abort(id, [this, handle = session.handle](Instant when) {
    Session* const found = find(handle);
    // The post is not open any more if it is the one that was aborted.
    if (found != nullptr && found->polling && found->polling->post &&
        !http_.is_open(*found->polling->post)) {
      end_session(when, *found, CloseReason::kTransportError);
    }
  });
}

/// The session that the request names, null for a handshake. The order of the checks is Node's: it
/// decides which error a client sees.
std::expected<Server::Session*, Server::Refusal> Server::verify(const Query& query,
                                                                const http::Request& request,
                                                                bool upgrade) const {
  const auto bad = [](ErrorCode code, std::vector<ConnectionError::Detail> context) {
    return std::unexpected(Refusal{.code = code, .context = std::move(context)});
  };
  const bool known = (options_.polling && query.transport == "polling") ||
                     (options_.websocket && query.transport == "websocket");
  if (!known) {
    return bad(ErrorCode::kTransportUnknown, {{"transport", std::string(query.transport)}});
  }
  if (query.jsonp) {
    return std::unexpected(Refusal{.code = ErrorCode::kBadRequest,
                                   .message = "JSONP polling is not supported",
                                   .context = {{"name", "JSONP"}}});
  }
  const unsigned revision = revision_of(query);
  if (query.sid.empty()) {
    if (request.method != "GET") {
      return bad(ErrorCode::kBadHandshakeMethod, {{"method", request.method}});
    }
    if ((query.transport == "websocket") != upgrade) {
      return bad(ErrorCode::kBadRequest, {{"name", "TRANSPORT_HANDSHAKE_ERROR"}});
    }
    if (revision == 0) {
      return bad(ErrorCode::kUnsupportedProtocol, {{"protocol", "3"}});
    }
    return nullptr;
  }
  Session* const session = find_sid(query.sid);
  if (session == nullptr) {
    return bad(ErrorCode::kSessionUnknown, {{"sid", std::string(query.sid)}});
  }
  auto misfit = misfit_of(query, *session, upgrade, revision);
  return misfit.empty() ? std::expected<Session*, Refusal>(session)
                        : bad(ErrorCode::kBadRequest, std::move(misfit));
}

/// In what a request does not fit its session; empty if it does.
std::vector<ConnectionError::Detail> Server::misfit_of(const Query& query, const Session& session,
                                                       bool upgrade, unsigned revision) {
  // A session on WebSocket takes no requests: Node leaves such a one without an answer.
  const bool fits = upgrade ? query.transport == "websocket"
                            : query.transport == "polling" && session.polling != nullptr;
  if (!fits) {
    return {{"name", "TRANSPORT_MISMATCH"},
            {"transport", std::string(query.transport)},
            {"previousTransport", session.polling != nullptr ? "polling" : "websocket"}};
  }
  if (revision != session.handshake->revision) {
    return {{"name", "PROTOCOL_MISMATCH"},
            {"protocol", revision == 4 ? "4" : "3"},
            {"previousProtocol", std::to_string(session.handshake->revision)}};
  }
  return {};
}

/// 0 when we do not speak it.
unsigned Server::revision_of(const Query& query) const {
  if (query.revision == "4") {
    return 4;
  }
  return options_.allow_eio3 && (query.revision == "3" || query.revision.empty()) ? 3 : 0;
}

void Server::refuse(Instant now, Exchange& exchange, const Refusal& refusal) {
  ++counters_.bad_requests;
  const std::string message =
      refusal.message.empty() ? std::string(message_of(refusal.code)) : refusal.message;
  if (hooks_.connection_error) {
    hooks_.connection_error(now, ConnectionError{.request = exchange.request,
                                                 .code = refusal.code,
                                                 .message = message_of(refusal.code),
                                                 .context = refusal.context});
  }
  if (exchange.upgrade) {
    refuse_upgrade(now, exchange.id, message, refusal.status == 0 ? 400 : refusal.status);
    return;
  }
  const unsigned usual = refusal.code == ErrorCode::kForbidden ? 403 : 400;
  respond(now, exchange,
          text(refusal.status == 0 ? usual : refusal.status, "application/json",
               R"({"code":)" + std::to_string(static_cast<unsigned>(refusal.code)) +
                   R"(,"message":)" + quoted(message) + "}"));
}

std::string_view message_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kTransportUnknown: return "Transport unknown";
    case ErrorCode::kSessionUnknown: return "Session ID unknown";
    case ErrorCode::kBadHandshakeMethod: return "Bad handshake method";
    case ErrorCode::kBadRequest: return "Bad request";
    case ErrorCode::kForbidden: return "Forbidden";
    case ErrorCode::kUnsupportedProtocol: return "Unsupported protocol version";
  }
  return {};
}

/// The fields of the response win over those that CORS and the middlewares gave.
void Server::respond(Instant now, Exchange& exchange, http::Response response) {
  if (exchange.headers.size() > 0) {
    for (const http::Headers::Field& field : response.headers) {
      if (http::equal_ignoring_case(field.name, "Set-Cookie")) {
        exchange.headers.add(field.name, field.value);
      } else {
        exchange.headers.set(field.name, field.value);
      }
    }
    response.headers = std::move(exchange.headers);
  }
  http_.respond(now, exchange.id, std::move(response));
}

void Server::add_hook_headers(Exchange& exchange, bool initial) {
  if (initial && hooks_.initial_headers) {
    hooks_.initial_headers(exchange.headers, exchange.request);
  }
  if (hooks_.headers) {
    hooks_.headers(exchange.headers, exchange.request);
  }
}

/// False when a hook has ended the session, which the request is told then.
bool Server::add_session_headers(Instant now, Exchange& exchange, const Session& session) {
  const SessionHandle handle = session.handle;
  add_hook_headers(exchange, false);
  if (find(handle) != nullptr) {
    return true;
  }
  refuse(now, exchange,
         {.code = ErrorCode::kSessionUnknown,
          .context = {{"sid", std::string(Query(exchange.request.query()).sid)}}});
  return false;
}

void Server::open_polling(Instant now, Exchange& exchange, std::string sid) {
  if (options_.cookie) {
    exchange.headers.add("Set-Cookie", set_cookie_value(*options_.cookie, sid));
  }
  add_hook_headers(exchange, true);
  const auto coding = poll_coding(exchange.request);
  Session& session = add_session(now, exchange, std::move(sid));
  session.polling->poll =
      Session::Poll{.id = exchange.id, .headers = std::move(exchange.headers), .coding = coding};
  answer_poll(now, session, open_packet(session.handshake->sid));
  tell_open(now, session);
}

std::optional<http::Coding> Server::poll_coding(const http::Request& request) const {
  static constexpr std::array kOffered = {http::Coding::kGzip, http::Coding::kDeflate};
  if (!options_.http_compression.enabled) {
    return std::nullopt;
  }
  return http::choose_coding(request.headers.find("Accept-Encoding").value_or(""), kOffered);
}

void Server::handle_poll(Instant now, Exchange& exchange, Session& session) {
  if (session.polling->poll) {
    end_session(now, session, CloseReason::kTransportError);
    respond(now, exchange, text(400, "", ""));
    return;
  }
  if (!add_session_headers(now, exchange, session)) {
    return;
  }
  const http::RequestId id = exchange.id;
  session.polling->poll = Session::Poll{
      .id = id, .headers = std::move(exchange.headers), .coding = poll_coding(exchange.request)};
  if (session.closing) {
    end_session(now, session, CloseReason::kForcedClose);
    return;
  }
  const bool waited = !session.polling->queue.empty();
  const SessionHandle handle = session.handle;
  if (session.polling->probed && !waited) {
    answer_poll(now, session, "6");  // the client waits for this answer to change over
  } else {
    answer_poll(now, session);
  }
  if (session.polling->poll) {
    http_.on_abort(id, [this, handle](Instant when) {
      Session* const found = find(handle);
      // The poll is not open any more if it is the one that was aborted.
      if (found != nullptr && found->polling && found->polling->poll &&
          !http_.is_open(found->polling->poll->id)) {
        found->polling->poll.reset();
        end_session(when, *found, CloseReason::kTransportError);
      }
    });
  } else if (waited && handlers_.drain) {
    handlers_.drain(now, handle);
  }
}

/// Answers the parked poll, if there is one, with what is queued and `last_packet`; without either
/// it stays parked.
void Server::answer_poll(Instant now, Session& session, std::string_view last_packet) {
  Session::Polling* const polling = session.polling.get();
  if (polling == nullptr || !polling->poll || (polling->queue.empty() && last_packet.empty())) {
    return;
  }
  Session::Poll poll = std::move(*polling->poll);
  polling->poll.reset();
  Payload payload = session.handshake->revision == 3 ? payload_of_revision3(session, last_packet)
                                                     : payload_of(session, last_packet);
  polling->queue = {};
  polling->queued_bytes = 0;
  session.above_mark = false;
  http::Response response;
  response.headers = std::move(poll.headers);
  response.written_fields = payload.binary ? kBinaryPollFields : kTextPollFields;
  if (payload.compress && poll.coding &&
      payload.bytes.size() >= options_.http_compression.threshold_bytes) {
    ++counters_.packed_polls;
    response.headers.add("Content-Encoding", std::string(http::to_string(*poll.coding)));
    payload.bytes = packer_.pack(*poll.coding, payload.bytes);
  }
  response.body = share(std::move(payload.bytes));
  http_.respond(now, poll.id, std::move(response));
}

void Server::handle_post(Instant now, Exchange& exchange, Session& session) {
  if (session.polling) {
    session.polling->post.reset();
  }
  const http::Request& request = exchange.request;
  const bool binary = request.headers.find("Content-Type") == "application/octet-stream";
  bool fine = true;
  if (session.handshake->revision == 3) {
    fine = read_revision3(now, session, request.body, binary);
  } else if (binary && !session.closing) {  // only the revision before had it
    end_session(now, session, CloseReason::kTransportError);
    fine = false;
  } else {
    fine = read_payload(now, session, as_text(request.body));
  }
  if (!fine) {
    respond(now, exchange, text(400, "", ""));
    return;
  }
  add_hook_headers(exchange, false);
  http::Response response;
  // What CORS and the hooks gave stands before ours, but not instead of them.
  exchange.headers.remove("Content-Type");
  exchange.headers.remove("Cache-Control");
  response.headers = std::move(exchange.headers);
  response.written_fields = kPostFields;
  response.body = ok_;
  http_.respond(now, exchange.id, std::move(response));
}

}  // namespace visavis::engineio
