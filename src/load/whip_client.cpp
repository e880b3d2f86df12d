#include "load/whip_client.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "sdp/description.hpp"
#include "sdp/sdp_error.hpp"

namespace visavis::load {
namespace {

/// The lines of an offer that only publishes or only plays.
const std::array<testpeer::ListedSlot, 2>& played_lines() {
  static const std::array<testpeer::ListedSlot, 2> lines = {
      testpeer::ListedSlot{.slot = 0, .mid = "0", .kind = rtp::MediaKind::kAudio, .seat = {}},
      testpeer::ListedSlot{.slot = 1, .mid = "1", .kind = rtp::MediaKind::kVideo, .seat = {}}};
  return lines;
}

/// The status, and what the server says about it: the first line of its text, as far as it is one.
std::string refusal_of(const HttpResponse& response) {
  constexpr std::size_t kTextMax = 200;
  std::string text = "HTTP " + std::to_string(response.status);
  if (response.status >= 300 && response.status < 400) {
    return text + " to \"" + response.location + "\": redirections are not followed, give that URL";
  }
  if (response.status < 300) {
    return text + ", where a session is made by 201";
  }
  const std::string_view line =
      std::string_view(response.body).substr(0, std::min(response.body.find('\n'), kTextMax));
  const bool readable = std::ranges::all_of(
      line, [](char letter) { return (letter >= ' ' && letter != '\x7F') || letter == '\r'; });
  if (readable && !line.empty() && !line.starts_with('<')) {
    text += ": " + std::string(line.substr(0, line.find('\r')));
  }
  return text;
}

/// Why an answer was not taken.
std::string unusable(std::string_view answer) {
  const auto description = sdp::parse_description(answer);
  if (!description) {
    return "the body of the 201 is no SDP answer that can be used: " +
           std::string(sdp::to_string(description.error()));
  }
  return description->candidates.empty()
             ? "the answer in the 201 has no candidate (UDP, with an address)"
             : "the answer in the 201 has no fingerprint that can be used";
}

std::string listed(std::span<const SocketAddress> addresses) {
  std::string text;
  for (const SocketAddress& address : addresses) {
    text += (text.empty() ? "" : ", ") + address.to_string();
  }
  return text;
}

}  // namespace

WhipClient::WhipClient(Instant now, Options options, const dtls::Identity& identity, Random random)
    : options_(std::move(options)), media_(now, options_.media, identity, random) {}

void WhipClient::start(Instant now) {
  asked_at_ = now;
  const std::string offer = media_.make_offer();
  ask(now, options_.url,
      {.method = "POST",
       .content_type = "application/sdp",
       .body = offer,
       .bearer = options_.bearer});
}

void WhipClient::ask(Instant now, const Url& url, const HttpRequest& request) {
  unsent_ = write_request(url, request);
  reader_ = {};
  exchanging_ = true;
  stream_open_ = true;
  give_up_at_ = now + kPatience;
}

Buffer WhipClient::poll_stream_output() {
  return to_buffer(std::exchange(unsent_, {}));
}

void WhipClient::handle_stream_bytes(Instant now, Bytes bytes) {
  if (exchanging_) {
    follow(now, reader_.handle_bytes(bytes));
  }
}

void WhipClient::handle_stream_closed(Instant now) {
  stream_open_ = false;
  if (exchanging_) {
    follow(now, reader_.handle_end());
  } else if (leaves_ && phase_ == Phase::kInside) {
    remove(now);  // Only now: a request each has a connection of its own.
  }
}

void WhipClient::follow(Instant now, HttpReader::State state) {
  if (state == HttpReader::State::kFailed) {
    fail("the server's HTTP response was cut off or malformed");
  } else if (state == HttpReader::State::kDone) {
    exchanging_ = false;
    give_up_at_ = kNever;
    handle_response(now, reader_.response());
  }
}

void WhipClient::handle_response(Instant now, const HttpResponse& response) {
  if (phase_ == Phase::kLeaving) {
    phase_ = Phase::kGone;
    return;
  }
  if (response.status != 201) {  // RFC 9725 §4.2
    fail(refusal_of(response));
    return;
  }
  if (auto resource = resolve(options_.url, response.location);
      resource && !response.location.empty()) {
    resource_ = std::move(*resource);
  }
  const bool plays = options_.media.offer == testpeer::OfferShape::kPlay;
  const auto slots = plays ? std::span<const testpeer::ListedSlot>(played_lines())
                           : std::span<const testpeer::ListedSlot>();
  if (!media_.handle_answer(now, response.body, slots)) {
    fail(unusable(response.body));
    return;
  }
  if (std::string fault = fault_of_answer(); !fault.empty()) {
    fail(std::move(fault));
    return;
  }
  phase_ = Phase::kInside;
  give_up_at_ = now + kPatience;  // For ICE and DTLS.
}

/// What would have it wait in vain for a connection or for media. Empty: nothing.
std::string WhipClient::fault_of_answer() const {
  const auto is_near = [](const SocketAddress& of) { return of.ip.is_loopback(); };
  if (options_.stays_on_loopback && std::ranges::none_of(media_.candidates(), is_near)) {
    return "the server is to be reached at " + listed(media_.candidates()) +
           ", not on loopback: --allow-remote, or let it announce 127.0.0.1";
  }
  const testpeer::MediaSession::Options& media = options_.media;
  if (media.offer == testpeer::OfferShape::kPlay) {
    return media_.will_receive(options_.wants)
               ? ""
               : "the answer has no " + std::string(rtp::to_string(options_.wants)) +
                     " that is sent to us";
  }
  if (media.camera && media_.camera() == nullptr) {
    return "the answer takes no " + std::string(rtp::to_string(media.video.codec)) +
           ": see --codec";
  }
  return media.microphone && media_.microphone() == nullptr
             ? "the answer takes no Opus: see --no-audio"
             : "";
}

void WhipClient::leave(Instant now) {
  leaves_ = true;
  if (phase_ == Phase::kFailed) {
    phase_ = Phase::kGone;
  } else if (phase_ == Phase::kInside && !stream_open_) {
    remove(now);
  }
}

void WhipClient::remove(Instant now) {
  if (!resource_) {
    phase_ = Phase::kGone;
    return;
  }
  phase_ = Phase::kLeaving;
  ask(now, *resource_,
      {.method = "DELETE", .content_type = {}, .body = {}, .bearer = options_.bearer});
}

void WhipClient::handle_timeout(Instant now) {
  media_.handle_timeout(now);
  if (media_.connected() && phase_ == Phase::kInside) {
    give_up_at_ = kNever;
  }
  if (media_.report().failed && phase_ == Phase::kInside) {
    fail("ICE or DTLS failed");
  }
  if (now >= give_up_at_) {
    if (phase_ != Phase::kInside) {
      fail("no HTTP response in 15 s");
    } else if (media_.report().ice_connected_at) {
      fail("no DTLS connection in 15 s");
    } else {
      fail("no answer to ICE in 15 s from " + listed(media_.candidates()));
    }
  }
}

Instant WhipClient::next_timeout() const {
  return std::min(give_up_at_, media_.next_timeout());
}

void WhipClient::fail(std::string why) {
  phase_ = Phase::kFailed;
  failure_ = std::move(why);
  exchanging_ = false;
  give_up_at_ = kNever;
}

}  // namespace visavis::load
