#include <string>
#include <utility>

#include "base/base64.hpp"
#include "engineio/cors.hpp"
#include "engineio/server.hpp"
#include "engineio/session.hpp"
#include "engineio/websocket_stream.hpp"
#include "websocket/utf8.hpp"

// The HTTP side: handshakes, polls and posts, answered as Node's server answers them.

namespace visavis::engineio {
namespace {

constexpr std::byte kSeparator{0x1E};

http::Response text(unsigned status, std::string content_type, std::string_view body) {
  http::Response response;
  response.status = status;
  if (!content_type.empty()) {
    response.headers.add("Content-Type", std::move(content_type));
  }
  response.body = share(to_buffer(body));
  return response;
}

void append(Buffer& payload, std::string_view packet) {
  if (!payload.empty()) {
    payload.push_back(kSeparator);
  }
  const Bytes bytes = as_bytes(packet);
  payload.insert(payload.end(), bytes.begin(), bytes.end());
}

std::string set_cookie_value(const CookieOptions& cookie, const std::string& sid) {
  std::string value = cookie.name + "=" + sid;
  if (!cookie.path.empty()) {
    value += "; Path=" + cookie.path;
  }
  if (cookie.http_only) {
    value += "; HttpOnly";
  }
  if (!cookie.same_site.empty()) {
    value += "; SameSite=" + cookie.same_site;
  }
  return value;
}

}  // namespace

/// A body is on its way: a second one at the same time ends the session, and so does the client's
/// leaving before it is complete.
void Server::handle_head(Instant now, http::RequestId id, const http::Request& head) {
  if (head.method != "POST") {
    return;
  }
  const Query query(head.query);
  const auto verified = verify(query, head, false);
  if (!verified || *verified == nullptr) {
    return;  // told once the body is here
  }
  Session& session = **verified;
  if (session.post && http_.is_open(*session.post)) {
    end_session(now, session, CloseReason::kTransportError);
    respond(now, id, head, text(400, "", ""));
    return;
  }
  session.post = id;
  http_.on_abort(id, [this, id, handle = session.handle](Instant when) {
    Session* const found = find(handle);
    if (found != nullptr && found->post == id) {
      end_session(when, *found, CloseReason::kTransportError);
    }
  });
}

void Server::handle_request(Instant now, http::RequestId id, http::Request request) {
  if (options_.websocket && request.headers.has_token("Connection", "upgrade") &&
      request.headers.has_token("Upgrade", "websocket")) {
    handle_upgrade(now, id, std::move(request));
    return;
  }
  if (options_.cors && request.method == "OPTIONS") {
    http_.respond(now, id, preflight_response(*options_.cors, request));
    return;
  }
  const Query query(request.query);
  const auto verified = verify(query, request, false);
  if (!verified) {
    refuse(now, id, request, verified.error());
  } else if (*verified == nullptr) {
    handle_handshake(now, id, std::move(request));
  } else if (request.method == "GET") {
    handle_poll(now, id, **verified, request);
  } else if (request.method == "POST") {
    handle_post(now, id, **verified, request);
  } else {
    respond(now, id, request, text(500, "", ""));
  }
}

/// The session that the request names, null for a handshake. The order of the checks is Node's: it
/// decides which error a client sees.
std::expected<Server::Session*, Server::ErrorCode> Server::verify(const Query& query,
                                                                  const http::Request& request,
                                                                  bool upgrade) const {
  const bool known = (options_.polling && query.transport == "polling") ||
                     (options_.websocket && query.transport == "websocket");
  if (!known) {
    return std::unexpected(ErrorCode::kTransportUnknown);
  }
  const bool good_revision = query.revision == "4";
  if (query.sid.empty()) {
    if (request.method != "GET") {
      return std::unexpected(ErrorCode::kBadHandshakeMethod);
    }
    if (!upgrade && query.transport == "websocket") {
      return std::unexpected(ErrorCode::kBadRequest);
    }
    if (!good_revision) {
      return std::unexpected(ErrorCode::kUnsupportedProtocol);
    }
    return nullptr;
  }
  Session* const session = find_sid(query.sid);
  if (session == nullptr) {
    return std::unexpected(ErrorCode::kSessionUnknown);
  }
  const bool other_transport = !upgrade && query.transport != transport(session->handle);
  if (other_transport || !good_revision) {
    return std::unexpected(ErrorCode::kBadRequest);
  }
  return session;
}

void Server::refuse(Instant now, http::RequestId id, const http::Request& request, ErrorCode code) {
  ++counters_.bad_requests;
  const std::string body = R"({"code":)" + std::to_string(static_cast<unsigned>(code)) +
                           R"(,"message":")" + std::string(message_of(code)) + R"("})";
  respond(now, id, request,
          text(code == ErrorCode::kForbidden ? 403 : 400, "application/json", body));
}

std::string_view Server::message_of(ErrorCode code) {
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

void Server::respond(Instant now, http::RequestId id, const http::Request& request,
                     http::Response response) {
  if (options_.cors) {
    add_cors_headers(*options_.cors, request, response.headers);
  }
  http_.respond(now, id, std::move(response));
}

void Server::handle_handshake(Instant now, http::RequestId id, http::Request request) {
  if (!has_room(now, id, request)) {
    return;
  }
  http::Headers headers;
  if (options_.cors) {
    add_cors_headers(*options_.cors, request, headers);
  }
  Session& session = add_session(now, std::move(request), false);
  if (options_.cookie) {
    headers.add("Set-Cookie", set_cookie_value(*options_.cookie, session.handshake->sid));
  }
  const SessionHandle handle = session.handle;
  session.poll = Session::Poll{.id = id, .headers = std::move(headers)};
  answer_poll(now, session, open_packet(session));
  tell_open(now, handle);
}

void Server::handle_poll(Instant now, http::RequestId id, Session& session,
                         const http::Request& request) {
  if (session.poll) {
    end_session(now, session, CloseReason::kTransportError);
    respond(now, id, request, text(400, "", ""));
    return;
  }
  session.poll = Session::Poll{.id = id, .headers = {}};
  if (options_.cors) {
    add_cors_headers(*options_.cors, request, session.poll->headers);
  }
  if (session.closing) {
    end_session(now, session, CloseReason::kForcedClose);
    return;
  }
  const bool waited = !session.queue.empty();
  const SessionHandle handle = session.handle;
  if (session.probed && !waited) {
    answer_poll(now, session, "6");  // the client waits for this answer to change over
  } else {
    answer_poll(now, session);
  }
  if (session.poll) {
    http_.on_abort(id, [this, id, handle](Instant when) {
      Session* const found = find(handle);
      if (found != nullptr && found->poll && found->poll->id == id) {
        found->poll.reset();
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
  if (!session.poll || (session.queue.empty() && last_packet.empty())) {
    return;
  }
  Session::Poll poll = std::move(*session.poll);
  session.poll.reset();
  Buffer payload;
  payload.reserve(session.queued_bytes + last_packet.size() + 1);
  for (const Session::Queued& queued : session.queue) {
    if (queued.message == nullptr) {
      append(payload, std::string_view(&queued.control, 1));
    } else if (queued.message->binary()) {
      append(payload, "b" + to_base64(queued.message->packet()));
    } else {
      append(payload, as_text(queued.message->packet()));
    }
  }
  if (!last_packet.empty()) {
    append(payload, last_packet);
  }
  session.queue = {};
  session.queued_bytes = 0;
  session.above_mark = false;
  http::Response response;
  response.headers = std::move(poll.headers);
  response.headers.add("Content-Type", "text/plain; charset=UTF-8");
  response.headers.add("Cache-Control", "no-store");
  response.body = share(std::move(payload));
  http_.respond(now, poll.id, std::move(response));
}

void Server::handle_post(Instant now, http::RequestId id, Session& session,
                         const http::Request& request) {
  session.post.reset();
  const std::string_view body = as_text(request.body);
  const bool binary = request.headers.find("Content-Type") == "application/octet-stream";
  bool fine = true;
  if (binary && !session.closing) {  // only the revision before had it
    end_session(now, session, CloseReason::kTransportError);
    fine = false;
  } else {
    fine = read_payload(now, session, body);
  }
  if (!fine) {
    respond(now, id, request, text(400, "", ""));
    return;
  }
  http::Response response = text(200, "text/html", "ok");
  response.headers.add("Cache-Control", "no-store");
  respond(now, id, request, std::move(response));
}

/// False when its packets have ended the session as an error.
bool Server::read_payload(Instant now, Session& session, std::string_view payload) {
  const SessionHandle handle = session.handle;
  const bool is_text = websocket::is_utf8(as_bytes(payload));
  PayloadWalk walk(payload);
  PacketReader reader;
  while (const auto text = walk.next()) {
    Session* const found = find(handle);
    if (found == nullptr || found->closing) {
      return true;  // its owner has closed it meanwhile
    }
    const auto packet = is_text ? reader.read(*text) : std::nullopt;
    if (!packet) {
      ++counters_.parse_errors;
      end_session(now, *found, CloseReason::kParseError);
      return false;
    }
    if (packet->type == PacketType::kClose) {
      end_session(now, *found, CloseReason::kTransportClose, "6");
      return true;
    }
    if (!handle_packet(now, *found, *packet)) {
      return false;
    }
  }
  return true;
}

}  // namespace visavis::engineio
