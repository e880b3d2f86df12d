#include "testpeer/client.hpp"

#include <utility>

namespace visavis::testpeer {
namespace {

std::vector<ListedSlot> read_slots(const json::Value& slots) {
  std::vector<ListedSlot> listed;
  for (const json::Value slot : slots.elements()) {
    const auto seat = slot.find("seat");
    listed.push_back({.slot = static_cast<std::uint16_t>(slot["slot"].as_number(0)),
                      .mid = std::string(slot["mid"].as_string()),
                      .kind = slot["kind"].as_string() == "audio" ? rtp::MediaKind::kAudio
                                                                  : rtp::MediaKind::kVideo,
                      .seat = seat ? std::optional(static_cast<std::uint16_t>(seat->as_number(0)))
                                   : std::nullopt});
  }
  return listed;
}

void write_published(json::Writer& writer, std::string_view mid, std::string_view kind,
                     std::string_view source) {
  writer.begin_object();
  writer.member("mid", mid).member("kind", kind).member("source", source);
  writer.end_object();
}

}  // namespace

Client::Client(Instant now, Options options, const dtls::Identity& identity, Random random)
    : options_(std::move(options)),
      random_(random),
      signalling_(options_.server, Random(random_.next())),
      media_(now, options_.media, identity, Random(random_.next())) {}

void Client::start(Instant now) {
  if (!times_.started) {
    times_.started = now;
  }
  signalling_.start(now);
}

void Client::handle_stream_bytes(Instant now, Bytes bytes) {
  signalling_.handle_bytes(now, bytes);
  handle_events(now);
}

void Client::handle_stream_closed(Instant /*now*/) {
  signalling_.handle_closed();
}

void Client::handle_timeout(Instant now) {
  media_.handle_timeout(now);
  const bool reachable = signalling_.state() == SignallingClient::State::kConnected;
  if (joined_ && reachable && !restarting_ && media_.ice_failed()) {
    restart_ice();
  }
}

void Client::restart_ice() {
  restarting_ = true;
  media_.restart_ice();
  json::Writer writer;
  writer.begin_object().member("offer", media_.make_offer()).end_object();
  signalling_.request("renegotiate", std::move(writer).take(),
                      [this](Instant now, const json::Value& ack) {
                        restarting_ = false;
                        if (accepted("renegotiate", ack)) {
                          handle_media_answer(now, ack);
                        }
                      });
}

void Client::prepare_resume() {
  signalling_ = SignallingClient(options_.server, Random(random_.next()));
  resumes_ = true;
  restarting_ = false;
}

void Client::handle_events(Instant now) {
  bool changed = false;
  while (const auto event = signalling_.poll_event()) {
    if (event->name == "welcome") {
      handle_welcome(now);
    } else {
      changed = roster_.handle_event(event->name, event->payload) || changed;
    }
  }
  if (changed && joined_ && options_.view_everyone) {
    update_view();
  }
}

void Client::handle_welcome(Instant now) {
  if (!times_.welcomed) {
    times_.welcomed = now;
  }
  if (resumes_) {
    send_resume();
  } else if (options_.use_prepare) {
    send_prepare();
  } else {
    send_join(now, true);
  }
}

bool Client::accepted(std::string_view event, const json::Value& ack) {
  last_answer_ = ack;
  if (ack["ok"].as_bool()) {
    return true;
  }
  refusals_.push_back(std::string(event) + ": " + std::string(ack["error"]["code"].as_string()));
  return false;
}

void Client::send_prepare() {
  json::Writer writer;
  writer.begin_object().member("room", options_.room).member("offer", media_.make_offer());
  writer.end_object();
  signalling_.request("prepare", std::move(writer).take(),
                      [this](Instant now, const json::Value& ack) {
                        if (accepted("prepare", ack)) {
                          handle_media_answer(now, ack);
                        }
                      });
}

void Client::join(Instant now) {
  send_join(now, false);
}

void Client::send_join(Instant now, bool with_offer) {
  times_.join_sent = now;
  json::Writer writer;
  writer.begin_object().member("room", options_.room).member("name", options_.name);
  if (with_offer) {
    writer.member("offer", media_.make_offer());
  }
  writer.key("publish").begin_array();
  if (options_.media.microphone) {
    write_published(writer, MediaSession::kMicrophoneMid, "audio", "microphone");
  }
  if (options_.media.camera) {
    write_published(writer, MediaSession::kCameraMid, "video", "camera");
  }
  writer.end_array().end_object();
  signalling_.request("join", std::move(writer).take(), [this](Instant at, const json::Value& ack) {
    if (accepted("join", ack)) {
      times_.joined = at;
      handle_joined(at, ack);
    }
  });
}

void Client::send_resume() {
  resumes_ = false;
  json::Writer writer;
  writer.begin_object().member("token", resume_token_).end_object();
  signalling_.request("resume", std::move(writer).take(),
                      [this](Instant now, const json::Value& ack) {
                        if (accepted("resume", ack)) {
                          handle_joined(now, ack);
                        }
                      });
}

void Client::handle_media_answer(Instant now, const json::Value& ack) {
  const auto answer = ack.find("answer");
  if (answer && !media_.handle_answer(now, answer->as_string(), read_slots(ack["slots"]))) {
    refusals_.emplace_back("the answer cannot be used");
  }
}

void Client::handle_joined(Instant now, const json::Value& ack) {
  joined_ = true;
  resume_token_ = ack["resumeToken"].as_string();
  roster_.handle_snapshot(ack);
  handle_media_answer(now, ack);
  if (options_.view_everyone) {
    update_view();
  }
}

void Client::update_view() {
  std::vector<std::string> tiles;
  for (const RosterEntry& entry : roster_.participants()) {
    if (entry.id != roster_.self() && tiles.size() < options_.media.seats) {
      tiles.push_back(entry.id);
    }
  }
  if (tiles != tiles_) {
    tiles_ = std::move(tiles);
    send_view();
  }
}

void Client::view(Instant /*now*/, std::vector<std::string> participants) {
  options_.view_everyone = false;
  tiles_ = std::move(participants);
  send_view();
}

void Client::send_view() {
  json::Writer writer;
  writer.begin_object().key("tiles").begin_array();
  for (const std::string& participant : tiles_) {
    writer.begin_object().member("participantId", participant);
    writer.member("width", 640).member("height", 360).end_object();
  }
  writer.end_array().end_object();
  signalling_.request("view", std::move(writer).take(), [this](Instant, const json::Value& ack) {
    static_cast<void>(accepted("view", ack));
  });
}

void Client::leave(Instant now) {
  joined_ = false;
  request(now, "leave", json::Raw{"{}"});
}

void Client::request(Instant /*now*/, std::string_view event, const json::Raw& payload) {
  signalling_.request(event, payload,
                      [this, name = std::string(event)](Instant at, const json::Value& ack) {
                        if (accepted(name, ack) && name == "renegotiate") {
                          handle_media_answer(at, ack);
                        }
                      });
}

const SlotReceiver* Client::slot_showing(std::string_view participant) const {
  for (const SlotAssignment& assignment : roster_.assignments()) {
    const SlotReceiver* slot = media_.slot(assignment.slot);
    const bool shows = assignment.participant == participant && slot != nullptr &&
                       slot->place().kind == rtp::MediaKind::kVideo;
    if (shows) {
      return slot;
    }
  }
  return nullptr;
}

}  // namespace visavis::testpeer
