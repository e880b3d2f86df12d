#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "conference/call_service.hpp"
#include "conference/schema_check.hpp"
#include "json/writer.hpp"
#include "sdp/offer.hpp"
#include "socketio/test_bed.hpp"

/// For tests: a call service behind a whole Socket.IO server in virtual time, and callers who speak
/// to it in bytes. All that the server says is held against the schema.
namespace visavis::conference {

inline constexpr std::string_view kFingerprint =
    "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:"
    "1F";

/// An offer with the four sending lines (mids 0 to 3: microphone, camera, screen, screen audio) and
/// slots from mid 4 on.
struct CallerOffer {
  int seats = 2;
  int voices = 1;
  std::string session = "1";
  std::string ufrag = "abcd";
  sdp::BrowserShape shape = sdp::BrowserShape::kChromium;
  int more_seats = 0;  ///< Appended, as a further offer does.

  [[nodiscard]] std::string text() const {
    sdp::OurOffer offer{.shape = shape,
                        .ice = {.ufrag = ufrag, .pwd = "0123456789012345678901"},
                        .fingerprint = {.algorithm = "sha-256", .value = std::string(kFingerprint)},
                        .origin_id = session};
    const auto add = [&offer](rtp::MediaKind kind, sdp::Direction direction) {
      offer.lines.push_back(
          {.mid = std::to_string(offer.lines.size()), .kind = kind, .direction = direction});
    };
    using enum rtp::MediaKind;
    for (const auto kind : {kAudio, kVideo, kVideo, kAudio}) {
      add(kind, sdp::Direction::kSendOnly);
    }
    const auto add_seats = [&](int count) {
      for (int i = 0; i < count; ++i) {
        add(kAudio, sdp::Direction::kRecvOnly);
        add(kVideo, sdp::Direction::kRecvOnly);
      }
    };
    add_seats(seats);
    for (int i = 0; i < voices; ++i) {
      add(kAudio, sdp::Direction::kRecvOnly);
    }
    add_seats(more_seats);
    return sdp::write_offer(offer);
  }
  /// As a JSON string.
  [[nodiscard]] std::string json() const {
    std::string quoted;
    json::append_string(quoted, text());
    return quoted;
  }
};

/// An offer of these lines, mids 0 and up.
inline std::string offer_of(const std::vector<std::pair<rtp::MediaKind, sdp::Direction>>& lines) {
  sdp::OurOffer offer{.shape = sdp::BrowserShape::kChromium,
                      .ice = {.ufrag = "abcd", .pwd = "0123456789012345678901"},
                      .fingerprint = {.algorithm = "sha-256", .value = std::string(kFingerprint)},
                      .origin_id = "77"};
  for (const auto& [kind, direction] : lines) {
    offer.lines.push_back(
        {.mid = std::to_string(offer.lines.size()), .kind = kind, .direction = direction});
  }
  return sdp::write_offer(offer);
}
/// Sound and picture.
inline std::string offer_of_both(sdp::Direction direction) {
  return offer_of({{rtp::MediaKind::kAudio, direction}, {rtp::MediaKind::kVideo, direction}});
}

class CallBed {
 public:
  class Caller {
   public:
    Caller(CallBed& bed, socketio::TestBed::Client& client) : bed_(&bed), client_(&client) {
      client_->send("40/call,");
      receive();
    }

    /// Sends a request; the ack, or null when none came (yet).
    json::Value request(std::string_view name, std::string_view payload) {
      const int id = next_ack_++;
      asked_[id] = name;
      client_->send("42/call," + std::to_string(id) + "[\"" + std::string(name) + "\"," +
                    std::string(payload) + "]");
      bed_->settle();
      return ack(id);
    }
    /// The same without wanting an ack.
    void notify(std::string_view name, std::string_view payload) {
      client_->send("42/call,[\"" + std::string(name) + "\"," + std::string(payload) + "]");
      bed_->settle();
    }
    /// The code of the refusal; "ok" when it was none.
    std::string refusal(std::string_view name, std::string_view payload) {
      const json::Value reply = request(name, payload);
      return reply["ok"].as_bool() ? "ok" : std::string(reply["error"]["code"].as_string());
    }
    [[nodiscard]] json::Value ack(int id) {
      receive();
      const auto found = acks_.find(id);
      return found == acks_.end() ? json::Value() : found->second;
    }
    [[nodiscard]] json::Value last_ack() { return ack(next_ack_ - 1); }

    /// Joins with an offer, camera and microphone published; `self` is known afterwards.
    json::Value join(std::string_view room, std::string_view name, const CallerOffer& offer = {}) {
      const json::Value reply = request(
          "join", "{\"room\":\"" + std::string(room) + "\",\"name\":\"" + std::string(name) +
                      "\",\"offer\":" + offer.json() +
                      ",\"publish\":[{\"mid\":\"0\",\"kind\":\"audio\",\"source\":\"microphone\"},"
                      "{\"mid\":\"1\",\"kind\":\"video\",\"source\":\"camera\"}]}");
      EXPECT_TRUE(reply["ok"].as_bool()) << reply.raw();
      self = reply["self"].as_string();
      token = reply["resumeToken"].as_string();
      return reply;
    }
    json::Value view(const std::vector<std::string>& participants) {
      std::string tiles;
      for (const std::string& participant : participants) {
        tiles += (tiles.empty() ? "" : ",") + ("{\"participantId\":\"" + participant) +
                 "\",\"width\":320,\"height\":180}";
      }
      return request("view", "{\"tiles\":[" + tiles + "]}");
    }

    /// The events that came since the last asking, oldest first: name and payload.
    std::vector<std::pair<std::string, json::Value>> take_events() {
      receive();
      return std::exchange(events_, {});
    }
    /// The last event of this name; null when there was none. The others are forgotten.
    json::Value take_event(std::string_view name) {
      json::Value last;
      for (auto& [event, payload] : take_events()) {
        last = event == name ? payload : last;
      }
      return last;
    }
    void vanish() {
      client_->vanish();
      bed_->settle();
    }
    void say_goodbye() {
      client_->send("41/call,");
      bed_->settle();
    }
    [[nodiscard]] bool disconnected() {
      receive();
      return disconnected_;
    }

    std::string self;
    std::string token;

   private:
    void receive() {
      for (const std::string& packet : client_->take()) {
        constexpr std::size_t kHead = std::string_view("42/call,").size();
        if (packet.starts_with("42/call,[")) {
          take_event_packet(json::parse(packet.substr(kHead)).value());
        } else if (packet.starts_with("43/call,")) {
          take_ack_packet(packet.substr(kHead));
        } else if (packet.starts_with("41/call")) {
          disconnected_ = true;
        }
      }
    }
    void take_event_packet(const json::Value& packet) {
      const std::string name(packet.at(0).as_string());
      EXPECT_EQ(bed_->schema_.event(name, packet.at(1)), "") << packet.raw();
      bed_->capture(name, "event", packet.at(1));
      events_.emplace_back(name, packet.at(1));
    }
    void take_ack_packet(const std::string& text) {
      const std::size_t bracket = text.find('[');
      const int id = std::stoi(text.substr(0, bracket));
      const json::Value reply = json::parse(text.substr(bracket)).value().at(0);
      const std::string& name = asked_.at(id);
      if (bed_->schema_.has_request(name)) {
        EXPECT_EQ(bed_->schema_.request(name, "ack", reply), "") << reply.raw();
        bed_->capture(name, "ack", reply);
      }
      acks_.emplace(id, reply);
    }

    CallBed* bed_;
    socketio::TestBed::Client* client_;
    int next_ack_ = 0;
    bool disconnected_ = false;
    std::map<int, std::string> asked_;
    std::map<int, json::Value> acks_;
    std::vector<std::pair<std::string, json::Value>> events_;
  };

  explicit CallBed(const Options& options = default_options())
      : service_(bed_.io(), options, entropy_) {}

  static Options default_options() {
    Options options;
    options.fingerprint = dtls::Fingerprint::parse("sha-256", kFingerprint).value();
    options.candidates = {{.ip = IpAddress::v4(0xC0000201), .port = 7000}};
    return options;
  }

  Caller connect() { return {*this, bed_.open()}; }

  void tell(const sfu::Event& event) {
    service_.handle_event(bed_.now(), event);
    settle();
  }
  void pass(Duration time) {
    const Instant until = bed_.now() + time;
    while (service_.next_timeout() <= until) {
      bed_.pass(std::max(Duration::zero(), service_.next_timeout() - bed_.now()));
      service_.handle_timeout(bed_.now());
      settle();
    }
    bed_.pass(until - bed_.now());
    settle();
  }
  void settle() {
    bed_.pump();
    while (auto command = service_.poll_command()) {
      commands_.push_back(*std::move(command));
    }
  }

  /// The commands of one kind since the last asking about any; the others are forgotten.
  template <class Kind>
  std::vector<Kind> take() {
    std::vector<Kind> found;
    for (sfu::Command& command : std::exchange(commands_, {})) {
      if (auto* const one = std::get_if<Kind>(&command)) {
        found.push_back(std::move(*one));
      }
    }
    return found;
  }
  std::vector<sfu::Command> take_commands() { return std::exchange(commands_, {}); }

  [[nodiscard]] CallService& service() { return service_; }
  [[nodiscard]] Instant now() const { return bed_.now(); }
  [[nodiscard]] const SchemaCheck& schema() const { return schema_; }

 private:
  /// For tools/check_protocol.mjs, when somebody wants it.
  void capture(std::string_view name, std::string_view part, const json::Value& value) {
    static const char* const path = std::getenv("VISAVIS_PROTOCOL_CAPTURE");
    if (path != nullptr) {
      json::Writer line;
      line.begin_object().member("name", name).member(part, value).end_object();
      std::ofstream(path, std::ios::app) << line.text() << '\n';
    }
  }

  SchemaCheck schema_;
  socketio::SeededEntropy entropy_;
  socketio::TestBed bed_;
  CallService service_;
  std::vector<sfu::Command> commands_;
};

}  // namespace visavis::conference
