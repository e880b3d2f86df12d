#include "conference/world_sim.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "base/check.hpp"

namespace visavis::conference::sim_world {
namespace {

using namespace std::chrono_literals;

const SocketAddress kMedia{.ip = IpAddress::v4(0x0A00'0001), .port = 7000};
constexpr std::size_t kSeenMax = 200;
constexpr unsigned kStepsAtOnceMax = 10'000;  // More without time passing: somebody spins.

Options with_media(Options options, const dtls::Identity& identity) {
  options.fingerprint = identity.fingerprint();
  options.candidates = {kMedia};
  return options;
}

engineio::Options on_socketio_path() {
  engineio::Options options;
  options.path = "/socket.io/";
  return options;
}

}  // namespace

std::optional<Buffer> StreamPath::poll(Instant now) {
  if (next_timeout() > now) {
    return std::nullopt;
  }
  Buffer bytes = std::move(in_flight_.front().bytes);
  in_flight_.pop_front();
  return bytes;
}

World::World(std::uint64_t seed, Options options)
    : openssl_(seed),
      random_(seed),
      entropy_(Random(random_.next())),
      server_identity_(dtls::Identity::make(entropy_)),
      client_identity_(dtls::Identity::make(entropy_)),
      engineio_(http_, on_socketio_path(), entropy_),
      socketio_(engineio_, {}, entropy_),
      calls_(socketio_, with_media(std::move(options), server_identity_), entropy_),
      worker_(now_, server_identity_, entropy_, {}) {}

World::~World() = default;

testpeer::Client& World::add(testpeer::Client::Options options, const Network& network) {
  const SocketAddress address{.ip = IpAddress::v4(0x0A01'0000 + ++next_address_), .port = 5000};
  options.media.addresses = {address};
  auto member = std::make_unique<Member>(
      Member{.client = std::make_unique<testpeer::Client>(now_, std::move(options),
                                                          client_identity_, Random(random_.next())),
             .direct = nullptr,
             .address = address,
             .connection = std::nullopt,
             .up = UdpPath(network.up, Random(random_.next())),
             .down = UdpPath(network.down, Random(random_.next())),
             .stream_up = {},
             .stream_down = {},
             .delay = network.up.delay});
  by_address_[address] = member.get();
  members_.push_back(std::move(member));
  testpeer::Client& client = *members_.back()->client;
  connect_stream(client);
  return client;
}

std::optional<World::Direct> World::add_direct(DirectRole role, const std::string& name,
                                               testpeer::MediaSession::Options options,
                                               const Network& network) {
  const SocketAddress address{.ip = IpAddress::v4(0x0A01'0000 + ++next_address_), .port = 5000};
  options.addresses = {address};
  options.voices = 0;
  options.seats = role == DirectRole::kPlayer ? 1 : 0;
  auto media = std::make_unique<testpeer::MediaSession>(now_, std::move(options), client_identity_,
                                                        Random(random_.next()));
  const auto connected = calls_.connect(
      now_, role,
      {.room = "sim", .name = name, .offer = media->make_offer(), .address = address.ip});
  if (!connected) {
    return std::nullopt;
  }
  // The lines behind the four that a browser of ours sends on; a player's are not taken.
  const std::vector<testpeer::ListedSlot> slots = {
      {.slot = 0, .mid = "4", .kind = rtp::MediaKind::kAudio, .seat = 0},
      {.slot = 1, .mid = "5", .kind = rtp::MediaKind::kVideo, .seat = 0}};
  check(media->handle_answer(now_, connected->answer, slots));
  members_.push_back(
      std::make_unique<Member>(Member{.client = nullptr,
                                      .direct = std::move(media),
                                      .address = address,
                                      .connection = std::nullopt,
                                      .up = UdpPath(network.up, Random(random_.next())),
                                      .down = UdpPath(network.down, Random(random_.next())),
                                      .stream_up = {},
                                      .stream_down = {},
                                      .delay = network.up.delay}));
  by_address_[address] = members_.back().get();
  settle();
  return Direct{.media = members_.back()->direct.get(), .session = connected->session};
}

bool World::hang_up(DirectRole role, const Direct& direct) {
  const bool done = calls_.hang_up(now_, role, direct.session);
  settle();
  return done;
}

void World::black_out(const Direct& direct) {
  const auto at = std::ranges::find(members_, direct.media,
                                    [](const auto& member) { return member->direct.get(); });
  check(at != members_.end());
  (*at)->up.set_conditions({.loss = 1});
  (*at)->down.set_conditions({.loss = 1});
}

Instant World::Member::next_timeout() const {
  const Instant own = client ? client->next_timeout() : direct->next_timeout();
  return std::min({own, up.next_timeout(), down.next_timeout(), stream_up.next_timeout(),
                   stream_down.next_timeout()});
}

World::Member& World::member_of(const testpeer::Client& client) {
  const auto at = std::ranges::find_if(
      members_, [&client](const auto& member) { return member->client.get() == &client; });
  check(at != members_.end());
  return **at;
}

void World::set_network(const testpeer::Client& client, const Network& network) {
  Member& member = member_of(client);
  member.up.set_conditions(network.up);
  member.down.set_conditions(network.down);
  member.delay = network.up.delay;
}

void World::black_out(const testpeer::Client& client) {
  set_network(client, {.name = "black", .up = {.loss = 1}, .down = {.loss = 1}});
  member_of(client).stream_up.hold(true);
  member_of(client).stream_down.hold(true);
}

void World::light(const testpeer::Client& client, const Network& network) {
  set_network(client, network);
  member_of(client).stream_up.hold(false);
  member_of(client).stream_down.hold(false);
}

void World::connect_stream(testpeer::Client& client) {
  Member& member = member_of(client);
  close_stream(member);  // If the server still believes in the old one.
  member.connection = http::ConnectionId(next_connection_++);
  by_connection_[*member.connection] = &member;
  http_.handle_open(now_, *member.connection, {.ip = member.address.ip, .port = 40'000}, false);
  client.start(now_);
  settle();
}

void World::close_stream(Member& member) {
  if (!member.connection) {
    return;
  }
  http_.handle_closed(now_, *member.connection);
  by_connection_.erase(*member.connection);
  member.connection.reset();
  member.stream_up.clear();
}

void World::cut_stream(const testpeer::Client& client) {
  Member& member = member_of(client);
  close_stream(member);
  member.stream_down.clear();
  member.client->handle_stream_closed(now_);
  settle();
}

void World::move(testpeer::Client& client) {
  Member& member = member_of(client);
  member.address.ip = IpAddress::v4(0x0A02'0000 + ++next_address_);
  by_address_[member.address] = &member;
  client.media().move_to(now_, member.address);
  settle();
}

bool World::run_until(const std::function<bool()>& done, Duration limit) {
  const Instant end = now_ + limit;
  while (!done()) {
    const Instant next = next_timeout();
    if (next > end) {
      now_ = end;
      return done();
    }
    step(next);
  }
  return true;
}

void World::run_until(Instant end) {
  for (Instant next = next_timeout(); next <= end; next = next_timeout()) {
    step(next);
  }
  now_ = end;
}

Instant World::next_timeout() const {
  Instant next = std::min({http_.next_timeout(), engineio_.next_timeout(), socketio_.next_timeout(),
                           calls_.next_timeout(), worker_.next_timeout()});
  for (const auto& member : members_) {
    next = std::min(next, member->next_timeout());
  }
  return next;
}

void World::step(Instant at) {
  steps_at_once_ = at > now_ ? 0 : steps_at_once_ + 1;
  check(steps_at_once_ < kStepsAtOnceMax);
  now_ = std::max(now_, at);
  for (const auto& member : members_) {
    deliver(*member);
  }
  handle_timeouts();
  settle();
}

void World::deliver(Member& member) {
  while (auto datagram = member.up.poll(now_)) {
    if (seen_.size() == kSeenMax) {
      seen_.pop_front();
    }
    seen_.push_back(*datagram);
    worker_.handle_datagram(now_, datagram->route, datagram->bytes);
  }
  while (auto datagram = member.down.poll(now_)) {
    member.media().handle_datagram(now_, datagram->route, datagram->bytes);
  }
  while (const auto bytes = member.stream_up.poll(now_)) {
    http_.handle_bytes(now_, *member.connection, *bytes);
  }
  while (const auto bytes = member.stream_down.poll(now_)) {
    if (bytes->empty()) {
      member.client->handle_stream_closed(now_);
    } else {
      member.client->handle_stream_bytes(now_, *bytes);
    }
  }
}

void World::handle_timeouts() {
  const auto drive = [this](auto& core) {
    if (core.next_timeout() <= now_) {
      core.handle_timeout(now_);
    }
  };
  drive(http_);
  drive(engineio_);
  drive(socketio_);
  drive(calls_);
  drive(worker_);
  for (const auto& member : members_) {
    if (member->client) {
      drive(*member->client);
    } else {
      drive(*member->direct);
    }
  }
}

void World::settle() {
  move_commands();
  send_media();
  send_streams();
  for (const auto& member : members_) {
    send_from(*member);
  }
}

void World::move_commands() {
  for (bool moved = true; moved;) {
    moved = false;
    while (auto command = calls_.poll_command()) {
      worker_.handle_command(now_, std::move(*command));
      moved = true;
    }
    while (const auto event = worker_.poll_event()) {
      calls_.handle_event(now_, *event);
      moved = true;
    }
  }
}

void World::send_media() {
  for (bool more = true; more;) {
    more = worker_.flush(now_, batch_);
    for (const DatagramBatch::Cell& cell : batch_.cells()) {
      const auto to = by_address_.find(cell.route.remote);
      check(cell.route.local == kMedia);
      note(1, batch_.bytes(cell));
      if (to != by_address_.end()) {
        const Route seen{.local = cell.route.remote, .remote = cell.route.local};
        to->second->down.send(now_, {seen, to_buffer(batch_.bytes(cell))});
      }
    }
    batch_.clear();
  }
  move_commands();
}

void World::send_streams() {
  while (auto output = http_.poll_output()) {
    const auto to = by_connection_.find(output->connection);
    if (to == by_connection_.end()) {
      continue;
    }
    Member& member = *to->second;
    for (const SharedBytes& bytes : output->bytes) {
      note(2, *bytes);
      member.stream_down.send(now_ + member.delay, *bytes);
      http_.handle_sent(now_, output->connection, bytes->size());
    }
    if (output->then_close) {
      close_stream(member);
      member.stream_down.send(now_ + member.delay, {});
    }
  }
}

void World::send_from(Member& member) {
  Buffer bytes = member.client ? member.client->poll_stream_output() : Buffer();
  if (!bytes.empty() && member.connection) {
    note(3, bytes);
    member.stream_up.send(now_ + member.delay, std::move(bytes));
  }
  for (bool more = true; more;) {
    more = member.media().flush(now_, batch_);
    for (const DatagramBatch::Cell& cell : batch_.cells()) {
      note(4, batch_.bytes(cell));
      // What leaves from an address that the client no longer has is lost.
      if (cell.route.local == member.address) {
        const Route seen{.local = cell.route.remote, .remote = cell.route.local};
        member.up.send(now_, {seen, to_buffer(batch_.bytes(cell))});
      }
    }
    batch_.clear();
  }
}

Buffer World::garbage(std::size_t size_max) {
  Buffer bytes(random_.next() % size_max);
  for (std::byte& octet : bytes) {
    octet = static_cast<std::byte>(random_.next());
  }
  return bytes;
}

void World::garble_media(std::size_t datagrams) {
  constexpr std::array kFirstBytes{0x00, 0x01, 0x16, 0x14, 0x80, 0x90, 0xFF};  // RFC 7983
  for (std::size_t count = 0; count < datagrams; ++count) {
    Datagram datagram{
        .route = {.local = kMedia, .remote = {.ip = IpAddress::v4(0xC000'0200), .port = 9}},
        .bytes = garbage(1'400)};
    const std::uint64_t kind = random_.next() % 4;
    if (kind == 0 && !seen_.empty()) {
      datagram = seen_[random_.next() % seen_.size()];
      if (random_.unit() < 0.5 && !datagram.bytes.empty()) {
        datagram.bytes[random_.next() % datagram.bytes.size()] ^= std::byte{0x10};
      }
    } else if (kind == 1 && !members_.empty()) {
      datagram.route.remote = members_[random_.next() % members_.size()]->address;
    }
    if (kind != 0 && !datagram.bytes.empty()) {
      const auto first = kFirstBytes[random_.next() % kFirstBytes.size()];
      datagram.bytes[0] = static_cast<std::byte>(first);
    }
    worker_.handle_datagram(now_, datagram.route, datagram.bytes);
  }
  settle();
}

void World::garble_signalling(std::size_t connections) {
  for (std::size_t count = 0; count < connections; ++count) {
    const http::ConnectionId connection(next_connection_++);
    http_.handle_open(now_, connection, {.ip = IpAddress::v4(0xC000'0200), .port = 9}, false);
    constexpr std::string_view kOpening =
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    if (random_.unit() < 0.5) {
      http_.handle_bytes(now_, connection, as_bytes(kOpening));
    }
    http_.handle_bytes(now_, connection, garbage(3'000));
    settle();
    http_.handle_closed(now_, connection);
  }
  settle();
}

void World::note(unsigned what, Bytes bytes) {
  constexpr std::uint64_t kPrime = 0x100'0000'01B3;  // FNV-1a
  const auto mix = [this](std::uint64_t value) { digest_ = (digest_ ^ value) * kPrime; };
  mix(what);
  mix(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  for (Bytes rest = bytes; !rest.empty();) {
    std::uint64_t word = 0;
    const std::size_t size = std::min(rest.size(), sizeof(word));
    std::memcpy(&word, rest.data(), size);
    mix(word);
    rest = rest.subspan(size);
  }
  mix(bytes.size());
  datagrams_ += what == 1 || what == 4 ? 1U : 0U;
}

}  // namespace visavis::conference::sim_world
