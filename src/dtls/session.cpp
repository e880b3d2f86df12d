#include "dtls/session.hpp"

#include <algorithm>
#include <utility>

#include "base/byte_reader.hpp"
#include "base/check.hpp"
#include "dtls/alert_reader.hpp"
#include "dtls/engine.hpp"

namespace visavis::dtls {
namespace {

/// The beginning of a datagram, as far as a handshake in the clear shows it.
struct Opening {
  std::uint8_t message_type = 0;
  std::uint16_t message_sequence = 0;
};
constexpr std::uint8_t kClientHello = 1;  // RFC 5246 §7.4
constexpr std::uint8_t kServerHello = 2;
constexpr std::uint8_t kHelloVerifyRequest = 3;  // RFC 6347 §4.3.2

bool is_server_hello(const Opening& opening) {
  return opening.message_type == kServerHello || opening.message_type == kHelloVerifyRequest;
}

/// Nothing unless it begins with an unencrypted handshake record (RFC 6347 §4.1, §4.2.2).
std::optional<Opening> opening_of(Bytes datagram) {
  constexpr std::uint8_t kHandshakeRecord = 22;
  ByteReader reader(datagram);
  const std::uint8_t record_type = reader.u8();
  reader.skip(2);  // version
  const std::uint16_t epoch = reader.u16();
  reader.skip(6 + 2);  // record sequence number, length
  Opening opening;
  opening.message_type = reader.u8();
  reader.skip(3);  // length
  opening.message_sequence = reader.u16();
  const bool is_handshake = record_type == kHandshakeRecord && epoch == 0 && reader.ok();
  return is_handshake ? std::optional(opening) : std::nullopt;
}

}  // namespace

std::string_view to_string(Failure failure) {
  switch (failure) {
    case Failure::kNone: return "none";
    case Failure::kFingerprintMismatch: return "fingerprint mismatch";
    case Failure::kNoSrtpProfile: return "no SRTP profile";
    case Failure::kHandshake: return "handshake";
    case Failure::kTimeout: return "timeout";
  }
  return "unknown";
}

Session::Session(Role role, Identity identity, Fingerprint remote)
    : role_(role), identity_(std::move(identity)), remote_(std::move(remote)) {}

Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

void Session::start(Instant now) {
  check(role_ == Role::kClient && !engine_ && state_ == State::kHandshaking);
  begin(now);
  advance(now, {});
}

void Session::handle_datagram(Instant now, Bytes datagram) {
  if (state_ == State::kFailed || state_ == State::kClosed) {
    return;
  }
  if (alerts_ && alerts_->hears_end(datagram)) {
    close();  // RFC 5246 §7.2.1 wants close_notify answered by the same.
    return;
  }
  const auto opening = opening_of(datagram);
  const bool is_hello = opening && opening->message_type == kClientHello;
  if (!engine_ && state_ == State::kHandshaking && role_ == Role::kServer && is_hello) {
    begin(now);
  }
  // Judged before OpenSSL sees it: what belongs to a flight that we answered already is a question
  // to hear the answer again.
  const bool asks_again = opening && opening->message_sequence <= answered_;
  const bool answers = opening && !asks_again && state_ == State::kHandshaking;
  if (answers && !round_trip_ && flight_sendings_ == 1) {
    round_trip_ = now - last_sent_;
  }
  if (opening) {
    heard_ = std::max<std::int32_t>(heard_, opening->message_sequence);
    server_spoke_ =
        server_spoke_ || (role_ == Role::kClient && engine_ && is_server_hello(*opening));
  }
  const bool answered = engine_ && advance(now, datagram);
  if (asks_again && !answered && now >= last_sent_ + kResendGap) {
    send_flight(now);
  }
}

void Session::handle_timeout(Instant now) {
  if (state_ == State::kHandshaking && now >= give_up_at_) {
    fail(Failure::kTimeout);
  }
  if (now >= resend_at_) {
    resend_after_ = std::min(2 * resend_after_, kResendMax);
    send_flight(now);
  }
}

void Session::close() {
  if (state_ == State::kFailed || state_ == State::kClosed) {
    return;
  }
  flight_.clear();
  flight_sent_ = 0;
  if (!goodbye_.empty()) {
    flight_.push_back(std::exchange(goodbye_, {}));
  }
  rest(State::kClosed);
}

Instant Session::next_timeout() const {
  const Instant give_up = state_ == State::kHandshaking ? give_up_at_ : kNever;
  return std::min(give_up, resend_at_);
}

Bytes Session::poll_transmit() {
  if (flight_sent_ == flight_.size()) {
    return {};
  }
  return flight_[flight_sent_++];
}

void Session::begin(Instant now) {
  engine_ = std::make_unique<Engine>(role_, identity_, std::move(remote_));
  give_up_at_ = now + kHandshakeMax;
}

/// Lets OpenSSL go on with what has come. True when that gave something to send.
bool Session::advance(Instant now, Bytes datagram) {
  const Step step = engine_->advance(datagram);
  std::vector<Buffer> written = engine_->take_written();
  const bool wrote = !written.empty();
  if (wrote) {
    flight_ = std::move(written);
    answered_ = heard_;
    resend_after_ = kResendMin;
    flight_sendings_ = 0;
    send_flight(now);
  }
  switch (step) {
    case Step::kWaiting: break;
    case Step::kDone: finish(); break;
    case Step::kClosed: rest(State::kClosed); break;
    case Step::kFailed:
      fail(engine_->mismatch() ? Failure::kFingerprintMismatch : Failure::kHandshake);
      break;
  }
  return wrote;
}

/// Once connected, a flight is resent only when the peer asks (RFC 6347 §4.2.4: FINISHED).
void Session::send_flight(Instant now) {
  flight_sent_ = 0;
  ++flight_sendings_;
  last_sent_ = now;
  resend_at_ = state_ == State::kHandshaking ? now + resend_after_ : kNever;
}

/// All that OpenSSL was for is done: of its state only what understands the end is kept.
void Session::finish() {
  keys_ = engine_->export_keys();
  if (!keys_) {
    fail(Failure::kNoSrtpProfile);
    return;
  }
  state_ = State::kConnected;
  resend_at_ = kNever;
  alerts_ = engine_->make_alert_reader();
  goodbye_ = engine_->write_goodbye();
  engine_.reset();
  if (role_ == Role::kClient) {
    // The server's last message came, so it has all of ours.
    answered_ = kNothing;
  }
}

void Session::fail(Failure failure) {
  failure_ = failure;
  keys_.reset();
  rest(State::kFailed);
}

/// Nothing more is to come but what is still to be sent: an alert perhaps.
void Session::rest(State state) {
  state_ = state;
  resend_at_ = kNever;
  engine_.reset();
}

}  // namespace visavis::dtls
