#include "peer/peer.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "base/hot_memory.hpp"
#include "srtp/opener.hpp"
#include "srtp/profile.hpp"
#include "srtp/sealer.hpp"

namespace visavis::peer {
namespace {

enum class Protocol : std::uint8_t { kUnknown, kStun, kDtls, kSrtp };

/// RFC 7983 §7. ZRTP and TURN channels, which it also tells apart, are not spoken here.
Protocol protocol_of(Bytes datagram) {
  const auto first = datagram.empty() ? 255U : std::to_integer<unsigned>(datagram.front());
  if (first <= 3) {
    return Protocol::kStun;
  }
  if (first >= 20 && first <= 63) {
    return Protocol::kDtls;
  }
  return first >= 128 && first <= 191 ? Protocol::kSrtp : Protocol::kUnknown;
}

/// RFC 5761 §4: RTCP's packet types are RTP payload types that nobody may use.
bool is_rtcp(Bytes datagram) {
  const auto type = datagram.size() < 2 ? 0U : std::to_integer<unsigned>(datagram[1]);
  return type >= 192 && type <= 223;
}

Drop drop_of(ice::Refusal refusal) {
  switch (refusal) {
    case ice::Refusal::kMalformed: return Drop::kStunMalformed;
    case ice::Refusal::kNotARequest: return Drop::kStunNotARequest;
    case ice::Refusal::kUnknownUsername: return Drop::kStunUsername;
    case ice::Refusal::kBadIntegrity: return Drop::kStunIntegrity;
    case ice::Refusal::kTooManyWaiting: return Drop::kStunTooMany;
  }
  return Drop::kStunMalformed;
}

Drop drop_of(srtp::OpenError error) {
  switch (error) {
    case srtp::OpenError::kMalformed: return Drop::kSrtpMalformed;
    case srtp::OpenError::kReplayed: return Drop::kSrtpReplay;
    case srtp::OpenError::kForged: return Drop::kSrtpAuthentication;
    case srtp::OpenError::kTooManySources: return Drop::kSrtpTooManySources;
  }
  return Drop::kSrtpMalformed;
}

FailureReason reason_of(dtls::Failure failure) {
  switch (failure) {
    case dtls::Failure::kFingerprintMismatch: return FailureReason::kFingerprintMismatch;
    case dtls::Failure::kNoSrtpProfile: return FailureReason::kNoSrtpProfile;
    case dtls::Failure::kTimeout: return FailureReason::kHandshakeTimeout;
    case dtls::Failure::kHandshake:
    case dtls::Failure::kNone: break;
  }
  return FailureReason::kHandshake;
}

srtp::MasterKeys master_keys(const dtls::Keys& exported) {
  const auto profile = srtp::profile_of(exported.profile);
  auto keys = profile ? srtp::split_keys(*profile, exported.material) : std::nullopt;
  check(keys.has_value());  // DTLS agrees on no other profile, and exports what it takes.
  return std::move(keys).value_or(srtp::MasterKeys{});
}

}  // namespace

/// Each seals with the keys of its own DTLS role (RFC 5764 §4.2).
struct Peer::Ciphers : InHotMemory {
  srtp::Opener opener;
  srtp::Sealer sealer;

  Ciphers(const srtp::MasterKeys& keys, dtls::Role role, srtp::Cipher& cipher)
      : Ciphers(keys.profile, role == dtls::Role::kServer ? keys.client : keys.server,
                role == dtls::Role::kServer ? keys.server : keys.client, cipher) {}

 private:
  Ciphers(srtp::Profile profile, const srtp::MasterKey& theirs, const srtp::MasterKey& ours,
          srtp::Cipher& cipher)
      : opener(profile, theirs.key, theirs.salt, cipher),
        sealer(profile, ours.key, ours.salt, cipher) {}
};

Peer::Peer(Instant now, Setup setup, const dtls::Identity& identity, srtp::Cipher& cipher)
    : ice_(now, setup.local, setup.remote),
      dtls_(setup.role, identity, std::move(setup.remote_fingerprint)),
      cipher_(&cipher),
      role_(setup.role),
      begin_due_(setup.role == dtls::Role::kClient),
      early_media_(setup.early_media) {}

Peer::Peer(Peer&&) noexcept = default;
Peer& Peer::operator=(Peer&&) noexcept = default;
Peer::~Peer() = default;

void Peer::restart_ice(Instant /*now*/, const ice::Credentials& local,
                       const ice::Credentials& remote) {
  ice_.restart(local, remote);
}

Peer::Received Peer::handle_datagram(Instant now, const Route& route, MutableBytes datagram) {
  switch (protocol_of(datagram)) {
    case Protocol::kSrtp: return handle_srtp(now, route, datagram);
    case Protocol::kStun: return handle_stun(now, route, datagram);
    case Protocol::kDtls: return queue_dtls(route, datagram);
    case Protocol::kUnknown: break;
  }
  return drop(Drop::kUnknownProtocol);
}

Peer::Received Peer::handle_stun(Instant now, const Route& route, Bytes datagram) {
  const bool was_silent = ice_.silent();
  const auto checked = ice_.handle_datagram(now, route, datagram);
  if (!checked) {
    return drop(drop_of(checked.error()));
  }
  if (*checked == ice::Checked::kRejected) {
    ++counters_.checks_rejected;
    return {};
  }
  ++counters_.checks_answered;
  if (was_silent) {
    announce(Resumed{});
  }
  if (*checked == ice::Checked::kRouteChanged) {
    announce(RouteChanged{route});
  }
  if (route == ice_.route()) {
    greetings_left_ = kGreetingsPerCheck;
  }
  admit_early(route);
  return {.kind = Kind::kCheck, .packet = {}, .dropped = {}};
}

Peer::Received Peer::queue_dtls(const Route& route, Bytes datagram) {
  constexpr auto kApplicationData = std::byte{23};  // RFC 5246 §6.2.1
  // Before ICE has shown that somebody at `route` wants to hear us, an answer, five times the size
  // of its question, could be aimed at anyone.
  if (!ice_.route()) {
    if (early_.size() == kEarlyDatagramsMax || datagram.size() > DatagramBatch::kCellBytes) {
      return drop(Drop::kDtlsEarly);
    }
    early_.push_back({route, to_buffer(datagram)});
    return {};
  }
  if (!ice_.knows(route)) {
    return drop(Drop::kDtlsUnknownRoute);
  }
  if (datagram.front() == kApplicationData) {
    return drop(Drop::kDtlsApplicationData);
  }
  if (handshakes_.size() == kHandshakesMax) {
    return drop(Drop::kDtlsTooMany);
  }
  handshakes_.push_back({route, to_buffer(datagram)});
  return {};
}

void Peer::handle_handshake(Instant now) {
  check(has_handshake());
  if (std::exchange(begin_due_, false)) {
    dtls_.start(now);
    return;
  }
  const WaitingDatagram datagram = std::move(handshakes_.front());
  handshakes_.erase(handshakes_.begin());
  if (handshakes_.empty()) {
    handshakes_ = {};  // Handshakes are seldom, peers are many: the room is given back.
  }
  ++counters_.dtls_datagrams;
  dtls_.handle_datagram(now, datagram.bytes);
  if (dtls_.answered()) {
    answered_over_ = datagram.route;
  }
  follow_dtls();
}

/// The handshake datagrams that overtook their check.
void Peer::admit_early(const Route& route) {
  for (const WaitingDatagram& early : std::exchange(early_, {})) {
    if (early.route == route) {
      queue_dtls(route, early.bytes);
    } else {
      drop(Drop::kDtlsEarly);
    }
  }
}

Peer::Received Peer::handle_srtp(Instant now, const Route& route, MutableBytes datagram) {
  if (!ciphers_) {
    const bool kept = may_keep_early_media(route, datagram) && early_media_.keep(route, datagram);
    return kept ? Received{} : drop(Drop::kSrtpEarly);
  }
  const bool rtcp = is_rtcp(datagram);
  const auto opened =
      rtcp ? ciphers_->opener.open_rtcp(datagram) : ciphers_->opener.open_rtp(datagram);
  if (!opened) {
    return drop(drop_of(opened.error()));
  }
  ice_.note_life(now, route);
  ++(rtcp ? counters_.rtcp_packets : counters_.rtp_packets);
  return {.kind = rtcp ? Kind::kRtcp : Kind::kRtp, .packet = *opened, .dropped = {}};
}

/// A server may send right behind its last flight, which may be lost, overtaken, or not yet worked.
bool Peer::may_keep_early_media(const Route& route, Bytes datagram) const {
  return role_ == dtls::Role::kClient && dtls_seen_ == dtls::State::kHandshaking && is_answered() &&
         ice_.knows(route) && datagram.size() <= DatagramBatch::kCellBytes;
}

std::optional<WaitingDatagram> Peer::take_early_media() {
  return ciphers_ ? early_media_.take() : std::nullopt;
}

void Peer::prefetch_opener() const {
  if (ciphers_) {
    ciphers_->opener.prefetch_state();
  }
}

void Peer::prefetch_open_key() const {
  if (ciphers_) {
    ciphers_->opener.prefetch_rtcp_key();
  }
}

void Peer::handle_timeout(Instant now) {
  const bool was_silent = ice_.silent();
  ice_.handle_timeout(now);
  if (ice_.silent() && !was_silent) {
    announce(Silent{});
  }
  dtls_.handle_timeout(now);
  follow_dtls();
}

Instant Peer::next_timeout() const {
  return std::min(ice_.next_timeout(), dtls_.next_timeout());
}

bool Peer::poll_transmit(DatagramBatch& out) {
  if (ice_.poll_transmit(out)) {
    return true;
  }
  const auto& route = ice_.route();
  const bool greets = !is_answered();
  if (!route || ice_.silent() || (greets && greetings_left_ == 0)) {
    return false;
  }
  const Bytes datagram = dtls_.poll_transmit();
  if (datagram.empty()) {
    return false;
  }
  greetings_left_ -= greets ? 1U : 0U;
  std::ranges::copy(datagram, out.reserve().begin());
  out.commit(*route, datagram.size());
  return true;
}

/// Who answers is there; until then, or since ICE leads elsewhere, a check may have told us
/// somebody else's address.
bool Peer::is_answered() const {
  return answered_over_ && answered_over_ == ice_.route();
}

std::optional<WaitingDatagram> Peer::close() {
  dtls_.close();
  dtls_seen_ = dtls_.state();  // The caller's own doing: it is not told of it.
  const auto& route = ice_.route();
  if (!route || ice_.silent()) {
    return std::nullopt;
  }
  const Bytes goodbye = dtls_.poll_transmit();
  if (goodbye.empty()) {
    return std::nullopt;
  }
  return WaitingDatagram{.route = *route, .bytes = to_buffer(goodbye)};
}

std::optional<Event> Peer::poll_event() {
  if (events_.empty()) {
    return std::nullopt;
  }
  const Event event = events_.front();
  events_.erase(events_.begin());
  return event;
}

Peer::Received Peer::drop(Drop why) {
  ++counters_.drops[static_cast<std::size_t>(why)];
  return {.kind = Kind::kNothing, .packet = {}, .dropped = why};
}

bool Peer::can_send() const {
  return ciphers_ && dtls_.state() == dtls::State::kConnected && ice_.route() && !ice_.silent();
}

const Route& Peer::route() const {
  const auto& route = ice_.route();
  check(route.has_value());
  return *route;  // NOLINT(bugprone-unchecked-optional-access): checked, in a way tidy cannot see.
}

srtp::Sealer& Peer::sealer() {
  check(ciphers_ != nullptr);
  return ciphers_->sealer;
}

void Peer::follow_dtls() {
  if (std::exchange(dtls_seen_, dtls_.state()) == dtls_.state()) {
    return;
  }
  if (dtls_.state() != dtls::State::kConnected) {
    early_media_.clear();  // There will be no keys to open it.
  }
  switch (dtls_.state()) {
    case dtls::State::kHandshaking: break;
    case dtls::State::kConnected:
      ciphers_ = std::make_unique<Ciphers>(master_keys(*dtls_.keys()), role_, *cipher_);
      announce(Connected{});
      break;
    case dtls::State::kFailed: announce(Failed{reason_of(dtls_.failure())}); break;
    case dtls::State::kClosed: announce(Failed{FailureReason::kClosed}); break;
  }
}

/// A client that nominates to and fro between two polls leaves only its last word.
void Peer::announce(Event event) {
  const bool is_route = std::holds_alternative<RouteChanged>(event);
  if (is_route && !events_.empty() && std::holds_alternative<RouteChanged>(events_.back())) {
    events_.pop_back();
  }
  events_.push_back(event);
}

}  // namespace visavis::peer
