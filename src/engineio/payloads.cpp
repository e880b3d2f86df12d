#include <string>
#include <utility>

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "engineio/revision3.hpp"
#include "engineio/server.hpp"
#include "engineio/session.hpp"

// What is in the bodies of polls and posts, of both revisions of the protocol.

namespace visavis::engineio {
namespace {

constexpr std::byte kSeparator{0x1E};

void append(Buffer& payload, std::string_view packet) {
  if (!payload.empty()) {
    payload.push_back(kSeparator);
  }
  const Bytes bytes = as_bytes(packet);
  payload.insert(payload.end(), bytes.begin(), bytes.end());
}

}  // namespace

Server::Payload Server::payload_of(const Session& session, std::string_view last_packet) {
  Payload payload;
  payload.compress = !last_packet.empty();
  payload.bytes.reserve(session.polling->queued_bytes + last_packet.size() + 1);
  for (const Session::Queued& queued : session.polling->queue) {
    payload.compress = payload.compress || queued.compress;
    if (queued.message == nullptr) {
      append(payload.bytes, std::string_view(&queued.control, 1));
    } else if (queued.message->binary()) {
      append(payload.bytes, "b" + to_base64(queued.message->packet()));
    } else {
      append(payload.bytes, as_text(queued.message->packet()));
    }
  }
  if (!last_packet.empty()) {
    append(payload.bytes, last_packet);
  }
  return payload;
}

/// Bytes make it a payload of bytes, unless the client takes none.
Server::Payload Server::payload_of_revision3(const Session& session, std::string_view last_packet) {
  Payload payload;
  payload.compress = !last_packet.empty();
  for (const Session::Queued& queued : session.polling->queue) {
    payload.compress = payload.compress || queued.compress;
    payload.binary = payload.binary ||
                     (!session.base64 && queued.message != nullptr && queued.message->binary());
  }
  const auto add_text = [&payload](std::string_view packet) {
    if (payload.binary) {
      append_revision3_binary(payload.bytes, false, "", as_bytes(packet));
    } else {
      append_revision3(payload.bytes, packet);
    }
  };
  for (const Session::Queued& queued : session.polling->queue) {
    if (queued.message == nullptr) {
      add_text(std::string_view(&queued.control, 1));
    } else if (!queued.message->binary()) {
      add_text(as_text(queued.message->packet()));
    } else if (payload.binary) {
      append_revision3_binary(payload.bytes, true, "\x04", queued.message->packet());
    } else {
      add_text("b4" + to_base64(queued.message->packet()));
    }
  }
  if (!last_packet.empty()) {
    add_text(last_packet);
  }
  return payload;
}

/// False when its packets have ended the session as an error.
bool Server::read_payload(Instant now, Session& session, std::string_view payload) {
  const SessionHandle handle = session.handle;
  const bool is_text = is_utf8(as_bytes(payload));
  PayloadWalk walk(payload);
  PacketReader reader;
  while (const auto text = walk.next()) {
    const auto packet = is_text ? reader.read(*text) : std::nullopt;
    const Reading reading = take_packet(now, handle, packet);
    if (reading != Reading::kGoesOn) {
      return reading == Reading::kOver;
    }
  }
  return true;
}

bool Server::read_revision3(Instant now, Session& session, Bytes payload, bool binary) {
  const SessionHandle handle = session.handle;
  PacketReader reader;
  Revision3Walk walk(payload, binary);
  bool is_text = binary || is_utf8(payload);
  while (const auto item = is_text ? walk.next() : std::nullopt) {
    if (item->bytes.empty()) {
      continue;  // as the reference does
    }
    is_text = item->binary || !binary || is_utf8(item->bytes);
    const auto packet = item->binary ? PacketReader::read_revision3_binary(item->bytes)
                                     : reader.read_revision3(as_text(item->bytes));
    const Reading reading = take_packet(now, handle, is_text ? packet : std::nullopt);
    if (reading != Reading::kGoesOn) {
      return reading == Reading::kOver;
    }
  }
  if (is_text && !walk.failed() && !payload.empty()) {
    return true;
  }
  return take_packet(now, handle, std::nullopt) == Reading::kOver;
}

/// The packet of a post; nothing: what stood there is no packet.
Server::Reading Server::take_packet(Instant now, SessionHandle handle,
                                    const std::optional<Packet>& packet) {
  Session* const session = find(handle);
  if (session == nullptr || session->closing) {
    return Reading::kOver;  // its owner has closed it meanwhile
  }
  if (!packet) {
    ++counters_.parse_errors;
    end_session(now, *session, CloseReason::kParseError);
    return Reading::kFailed;
  }
  if (packet->type == PacketType::kClose) {
    end_session(now, *session, CloseReason::kTransportClose, "6");
    return Reading::kOver;
  }
  return handle_packet(now, *session, *packet) ? Reading::kGoesOn : Reading::kFailed;
}

}  // namespace visavis::engineio
