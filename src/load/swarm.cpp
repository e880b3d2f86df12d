#include "load/swarm.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "load/call_client.hpp"
#include "load/local_addresses.hpp"
#include "load/server_usage.hpp"
#include "load/whip_client.hpp"
#include "net/clock.hpp"
#include "net/socket_address.hpp"

namespace visavis::load {
namespace {

constexpr std::size_t kBatchCells = 512;
constexpr std::size_t kScratchBytes = 65'536;
/// 127.16.0.0: away from 127.0.0.1 and what distributions put beside it.
constexpr std::uint32_t kFirstLoopback = 0x7F10'0000;
/// 64 MB: 100 ms of 5 Gbit/s, so that what is dropped here is dropped for want of CPU.
constexpr std::size_t kSocketBytes = std::size_t{64} << 20U;
/// Datagrams' system calls in one turn, before streams and timers have theirs.
constexpr int kReceivesMax = 32;

std::size_t places(const Options& options) {
  // Those of a churn overlap: who leaves holds its place until the server has answered.
  const double churn =
      options.scenario == Scenario::kChurn
          ? options.churn_per_second * (std::chrono::duration<double>(options.stay).count() + 20)
          : 0;
  return options.publishers_in_all() + options.viewers_in_all() + static_cast<std::size_t>(churn);
}

/// A stamp's source: 0 is nobody's.
std::uint32_t source_of(std::size_t index, rtp::MediaKind kind) {
  return static_cast<std::uint32_t>((index * 2) + (kind == rtp::MediaKind::kVideo ? 2 : 1));
}

}  // namespace

Swarm::Swarm(net::Reactor& reactor, const Options& options, Entropy& entropy)
    : reactor_(reactor),
      options_(options),
      cipher_(srtp::make_cipher(srtp::CipherChoice::kAutomatic)),
      identity_(dtls::Identity::make(entropy, options.cipher)),
      random_(static_cast<std::uint64_t>(net::now().time_since_epoch().count())),
      members_(places(options)),
      timers_(net::now(), members_.size()),
      batch_(kBatchCells),
      scratch_(kScratchBytes) {
  for (std::size_t index = members_.size(); index > 0; --index) {
    free_.push_back(index - 1);
  }
  reactor_.drive(net::Reactor::Core{.next_timeout = [this] { return timers_.next(); },
                                    .handle_timeout =
                                        [this](Instant now) {
                                          timers_.advance(now, [this, now](std::size_t index) {
                                            if (const auto& client = members_[index].client) {
                                              client->handle_timeout(now);
                                              touch(index);
                                            }
                                          });
                                        },
                                    .drain = [this](Instant now) { return settle(now); }});
}

Swarm::~Swarm() = default;

SocketAddress Swarm::signalling_address() const {
  const auto whip = parse_url(expand(options_.whip_template, "room", "name"));
  return options_.over == Over::kWhip && whip ? whip->at : options_.server.at;
}

std::expected<void, Error> Swarm::open() {
  if (options_.allow_remote) {
    own_addresses_ = local_addresses(signalling_address());
    return {};
  }
  auto socket =
      net::UdpSocket::open({.ip = IpAddress(), .port = 0}, {.receive_buffer_bytes = kSocketBytes,
                                                            .send_buffer_bytes = kSocketBytes,
                                                            .receive_offload = true,
                                                            .send_offload = true});
  if (!socket) {
    return std::unexpected(socket.error());
  }
  shared_ = std::move(*socket);
  if (options_.read_tick == Duration::zero()) {
    shared_watch_ = reactor_.watch(shared_->fd(), net::Interest::kRead,
                                   [this](Instant, net::Ready) { receive(*shared_); });
  } else {
    read_at_ = net::now();
    reactor_.drive({.next_timeout = [this] { return read_at_; },
                    .handle_timeout =
                        [this](Instant now) {
                          read_at_ = now + options_.read_tick;
                          receive(*shared_);
                        },
                    .drain = {}});
  }
  return {};
}

std::expected<void, Error> Swarm::open_own_socket(std::size_t index) {
  Member& member = members_[index];
  // No GRO: its buffers take a megabyte a socket.
  auto socket = net::UdpSocket::open({.ip = IpAddress(), .port = 0}, {.receive_offload = false});
  if (!socket) {
    return std::unexpected(socket.error());
  }
  const std::uint16_t port = socket->local().port;
  for (const IpAddress& ip : own_addresses_) {
    member.hosts.push_back({.ip = ip, .port = port});
  }
  member.socket = std::move(*socket);
  member.socket_watch =
      reactor_.watch(member.socket->fd(), net::Interest::kRead, [this, index](Instant, net::Ready) {
        for (const Datagram& datagram : members_[index].socket->receive()) {
          handle_datagram(net::now(), index, datagram);
        }
      });
  return {};
}

std::optional<std::size_t> Swarm::add(Instant now, const Part& part) {
  if (free_.empty()) {
    return std::nullopt;
  }
  const std::size_t index = free_.back();
  Member& member = members_[index];
  member.part = part;
  if (shared_) {
    member.hosts = {{.ip = IpAddress::v4(kFirstLoopback + static_cast<std::uint32_t>(index)),
                     .port = shared_->local().port}};
  } else if (auto opened = open_own_socket(index); !opened) {
    ++census_.failed;
    census_.failure = opened.error().text;
    return std::nullopt;
  }
  free_.pop_back();
  member.client = make_client(now, index, part);
  const std::size_t one_in = options_.opened_share(options_.viewers_in_all());
  member.opened = part.views && (viewers_added_++ % one_in == 0);
  if (part.publishes) {
    member.video = std::make_unique<SentLog>(rtp::MediaKind::kVideo);
    member.audio = std::make_unique<SentLog>(rtp::MediaKind::kAudio);
    for (const rtp::MediaKind kind : {rtp::MediaKind::kVideo, rtp::MediaKind::kAudio}) {
      sources_[source_of(index, kind)] = {.member = index, .kind = kind};
    }
  }
  census_.publishers += part.publishes ? 1U : 0U;
  census_.viewers += part.views ? 1U : 0U;
  member.client->start(now);
  touch(index);
  return index;
}

testpeer::MediaSession::Options Swarm::media_options(std::size_t index, const Part& part) const {
  const bool has_video = options_.scenario != Scenario::kAudio;
  testpeer::MediaSession::Options media;
  media.addresses = members_[index].hosts;
  media.camera = part.publishes && has_video;
  media.microphone = part.publishes && (options_.with_audio || !has_video);
  media.video = {.source = source_of(index, rtp::MediaKind::kVideo),
                 .codec = options_.codec,
                 .bits_per_second = options_.bitrate,
                 .frames_per_second = options_.frames_per_second};
  // As Chromium's at 640 x 480 for 1.5 Mbit/s; smaller pictures have smaller ones.
  media.video.key_bytes = std::min<std::size_t>(media.video.key_bytes, options_.bitrate / 60);
  if (part.publishes && options_.publisher == sdp::BrowserShape::kFfmpeg) {
    media.shape = options_.publisher;
    media.video.keyframe_every = testpeer::VideoSource::Options::kFfmpegKeyframeEvery;
  }
  media.audio.source = source_of(index, rtp::MediaKind::kAudio);
  media.cipher = cipher_.get();
  const auto seats = options_.scenario == Scenario::kMeeting ? options_.views : std::size_t{1};
  const std::uint16_t voices = has_video || !part.views ? 0 : 3;
  media.seats = part.views && has_video ? static_cast<std::uint16_t>(seats) : std::uint16_t{0};
  media.voices = voices;
  if (options_.over == Over::kWhip) {
    media.offer = part.publishes ? testpeer::OfferShape::kPublish : testpeer::OfferShape::kPlay;
  }
  return media;
}

std::unique_ptr<VirtualClient> Swarm::make_client(Instant now, std::size_t index,
                                                  const Part& part) {
  const Random random(random_.next());
  if (options_.over == Over::kWhip) {
    const std::string& text = part.publishes ? options_.whip_template : options_.whep_template;
    const auto url = parse_url(expand(text, part.room, part.name));
    check(url.has_value());  // Asked when the command line was read.
    return std::make_unique<WhipClient>(
        now,
        WhipClient::Options{.url = *url,
                            .bearer = options_.bearer,
                            .media = media_options(index, part),
                            .wants = options_.scenario == Scenario::kAudio ? rtp::MediaKind::kAudio
                                                                           : rtp::MediaKind::kVideo,
                            .stays_on_loopback = !options_.allow_remote},
        identity_, random);
  }
  CallClient::Options call{.server = options_.server.at, .client = {}};
  call.client.server.host = options_.server.host;
  call.client.media = media_options(index, part);
  call.client.room = part.room;
  call.client.name = part.name;
  call.client.view_everyone = call.client.media.seats > 0;
  return std::make_unique<CallClient>(now, std::move(call), identity_, random);
}

void Swarm::leave(Instant now, std::size_t client) {
  if (members_[client].client) {
    members_[client].client->leave(now);
    touch(client);
  }
}

void Swarm::leave_all(Instant now) {
  for (std::size_t index = 0; index < members_.size(); ++index) {
    leave(now, index);
  }
}

void Swarm::release(std::size_t index) {
  Member& member = members_[index];
  for (const Stream& stream : member.streams) {
    (stream.kind == rtp::MediaKind::kVideo ? departed_video_ : departed_audio_) +=
        stream.watch.counts() - stream.before;
  }
  for (const rtp::MediaKind kind : {rtp::MediaKind::kVideo, rtp::MediaKind::kAudio}) {
    sources_.erase(source_of(index, kind));
  }
  departed_drops_ += member.socket ? socket_drops(member.socket->fd()) : 0;
  census_.publishers -= member.part.publishes ? 1U : 0U;
  census_.viewers -= member.part.views ? 1U : 0U;
  census_.connected -= member.connected ? 1U : 0U;
  census_.seeing -= member.sees ? 1U : 0U;
  // Its log stays: viewers' watches may still look into it.
  Member empty;
  empty.dirty = member.dirty;
  empty.video = std::move(member.video);
  empty.audio = std::move(member.audio);
  member.stream_watch.drop();
  member.socket_watch.drop();
  member = std::move(empty);
  free_.insert(free_.begin(), index);  // The longest unused is taken next.
}

void Swarm::receive(net::UdpSocket& socket) {
  for (int round = 0; round < kReceivesMax; ++round) {
    const auto datagrams = socket.receive();
    if (datagrams.empty()) {
      return;
    }
    const Instant now = net::now();
    for (const Datagram& datagram : datagrams) {
      const std::size_t index = datagram.route.local.ip.v4_host_order() - kFirstLoopback;
      if (index < members_.size() && members_[index].client) {
        handle_datagram(now, index, datagram);
      }
    }
  }
}

void Swarm::handle_datagram(Instant now, std::size_t index, const Datagram& datagram) {
  Member& member = members_[index];
  testpeer::MediaSession& media = member.client->media();
  const bool rtp = media.connected() && is_rtp(datagram.bytes);
  media.handle_datagram(now, datagram.route, datagram.bytes);
  touch(index);
  if (!rtp) {
    return;
  }
  ++totals_.forwarded;
  totals_.bytes += datagram.bytes.size();
  if (const auto packet = rtp::parse_packet(datagram.bytes)) {
    note_rtp(now, member, *packet);
  }
}

void Swarm::touch(std::size_t index) {
  if (!members_[index].dirty) {
    members_[index].dirty = true;
    dirty_.push_back(index);
  }
}

bool Swarm::settle(Instant now) {
  if (dirty_.empty()) {
    return false;
  }
  std::vector<std::size_t> touched;
  touched.swap(dirty_);
  for (const std::size_t index : touched) {
    members_[index].dirty = false;
    if (members_[index].client) {
      settle_member(now, index);
    }
  }
  if (shared_) {
    send_batch(*shared_);
  }
  if (dirty_.empty()) {
    touched.clear();
    dirty_.swap(touched);  // Keeps its room.
  }
  return true;
}

void Swarm::settle_member(Instant now, std::size_t index) {
  flush_datagrams(now, index);
  follow_phase(index);
  Member& member = members_[index];
  const VirtualClient::Phase phase = member.client->phase();
  follow_stream(now, index);
  if (phase == VirtualClient::Phase::kGone && !member.stream) {
    release(index);
    return;
  }
  timers_.book(index, member.client->next_timeout());
}

void Swarm::flush_datagrams(Instant now, std::size_t index) {
  Member& member = members_[index];
  bool more = true;
  while (more) {
    if (batch_.full()) {
      send_batch(socket_of(member));
    }
    const std::size_t before = batch_.cells().size();
    more = member.client->media().flush(now, batch_);
    if (member.part.publishes) {
      note_published(net::now(), member, before);
    }
    if (more || member.socket) {
      send_batch(socket_of(member));
    }
  }
}

net::UdpSocket& Swarm::socket_of(Member& member) {
  // Who has none of its own uses the shared one.
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access)
  return member.socket ? *member.socket : *shared_;
}

void Swarm::send_batch(net::UdpSocket& by) {
  if (batch_.empty()) {
    return;
  }
  const bool stays = std::ranges::all_of(batch_.cells(), [](const DatagramBatch::Cell& cell) {
    return cell.route.remote.ip.is_loopback();
  });
  if (stays || options_.allow_remote) {
    by.send(batch_);
  } else {
    // The server told an address that is not this machine's loopback, and we may not go there.
    totals_.refused_remote += batch_.cells().size();
  }
  batch_.clear();
}

void Swarm::follow_phase(std::size_t index) {
  Member& member = members_[index];
  if (!member.connected && member.client->media().connected()) {
    member.connected = true;
    ++census_.connected;
  }
  if (!member.counted_failed && member.client->phase() == VirtualClient::Phase::kFailed) {
    member.counted_failed = true;
    if (census_.failure.empty()) {
      census_.failure = member.unreachable.empty() ? member.client->failure() : member.unreachable;
    }
    ++census_.failed;
  }
}

}  // namespace visavis::load
