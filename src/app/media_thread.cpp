#include "app/media_thread.hpp"

#include <utility>

#include "net/clock.hpp"

namespace visavis::app {
namespace {

/// Datagrams of one flush; several flushes make a turn. Fits a core's second-level cache.
constexpr std::size_t kBatchCells = 128;
/// How often viewers' reports are read. Nothing in them is worth a wake-up of its own.
constexpr Duration kReportsGap = std::chrono::milliseconds(10);
/// A long turn looks after so many batches (a millisecond or two) whether more has come, and so
/// many times: commands, handshakes and viewers' reports wait for its end.
constexpr int kBatchesPerLook = 4;
constexpr int kLooksPerTurn = 16;
/// Rings of buffers read from a socket before what they caused is sent.
constexpr int kRingsPerTurn = 4;
/// The same in the midst of a turn: what is on its way comes before what a flood brings.
constexpr int kRingsPerLook = 1;
/// Reports are small, and come together.
constexpr int kReportRingsPerTurn = 16;
constexpr int kCommandsPerTurn = 1024;
/// How soon to look again whether the signalling thread has made room.
constexpr Duration kRetry = std::chrono::milliseconds(1);

void add(net::UdpCounters& sum, const net::UdpCounters& one) {
  sum.received_datagrams += one.received_datagrams;
  sum.received_bytes += one.received_bytes;
  sum.received_truncated += one.received_truncated;
  sum.sent_datagrams += one.sent_datagrams;
  sum.sent_bytes += one.sent_bytes;
  sum.sent_messages += one.sent_messages;
  sum.dropped_buffer_full += one.dropped_buffer_full;
  for (std::size_t i = 0; i < sum.dropped_by_priority.size(); ++i) {
    sum.dropped_by_priority.at(i) += one.dropped_by_priority.at(i);
  }
  sum.dropped_unreachable += one.dropped_unreachable;
  sum.segmentation_refused += one.segmentation_refused;
}

}  // namespace

MediaThread::MediaThread(MediaLink& link, dtls::Identity identity,
                         const sfu::MediaWorker::Options& options,
                         std::vector<net::UdpSocket> sockets)
    : link_(link),
      sockets_(std::move(sockets)),
      worker_(net::now(), std::move(identity), entropy_, options),
      batch_(kBatchCells) {
  for (net::UdpSocket& socket : sockets_) {
    watch(socket);
  }
  watches_.push_back(reactor_.watch(link_.commands.fd(), net::Interest::kRead,
                                    [this](Instant now, net::Ready) { take_commands(now); }));
  reactor_.drive(worker_, [this](Instant now) {
    catch_up(now);
    give_events(flush(now));
    return false;
  });
  reactor_.drive({.next_timeout = [this] { return events_again_at_; },
                  .handle_timeout = [this](Instant) { events_again_at_ = kNever; },
                  .drain = {}});
  thread_ = std::jthread([this] {
    reactor_.run();
    finish(net::now());
  });
}

MediaThread::~MediaThread() {
  reactor_.stop();
}

void MediaThread::watch(net::UdpSocket& socket) {
  watches_.push_back(reactor_.watch(
      socket.fd(), net::Interest::kRead,
      [this, &socket](Instant now, net::Ready) { receive(now, socket, kRingsPerTurn); }));
  if (socket.reports_fd() >= 0) {
    reports_.push_back(std::make_unique<net::PacedWatch>(
        reactor_, socket.reports_fd(), kReportsGap, [this, &socket](Instant now, Duration waited) {
          return receive_reports(now, waited, socket);
        }));
  }
}

void MediaThread::receive(Instant now, net::UdpSocket& socket, int rings) {
  for (int i = 0; i < rings; ++i) {
    const auto datagrams = socket.receive();
    if (datagrams.empty()) {
      return;
    }
    // A check comes because an answer left, and what that answer promised was put before.
    if (link_.commands.size() > 0) {
      take_commands(now);
    }
    worker_.handle_datagrams(now, datagrams);
    if (!socket.may_have_more()) {
      return;
    }
  }
}

/// The thread is awake: reports that are due soon need not wake it again.
void MediaThread::catch_up(Instant now) {
  for (const auto& reports : reports_) {
    reports->catch_up(now);
  }
}

net::PacedWatch::Found MediaThread::receive_reports(Instant now, Duration waited,
                                                    net::UdpSocket& socket) {
  using Found = net::PacedWatch::Found;
  Found found = Found::kNothing;
  for (int i = 0; i < kReportRingsPerTurn; ++i) {
    const auto datagrams = socket.receive_reports();
    if (datagrams.empty()) {
      return found;
    }
    found = Found::kAll;
    worker_.handle_datagrams(now, datagrams, waited);
    if (!socket.may_have_more_reports()) {
      return found;
    }
  }
  return Found::kMore;
}

void MediaThread::take_commands(Instant now) {
  for (int i = 0; i < kCommandsPerTurn; ++i) {
    const auto command = link_.commands.take();
    if (!command) {
      return;
    }
    worker_.handle_command(now, *command);
  }
}

/// Carries out the last commands: whoever was in a call hears that it has ended.
void MediaThread::finish(Instant now) {
  while (link_.commands.size() > 0) {
    take_commands(now);
    now = flush(now);
  }
}

/// What comes while a packet goes to thousands goes along to those of them who still wait. Returns
/// when it last looked.
Instant MediaThread::flush(Instant now) {
  bool more = true;
  for (int batches = 1; more; ++batches) {
    batch_.clear();
    more = worker_.flush(now, batch_);
    for (net::UdpSocket& socket : sockets_) {
      socket.send(batch_);
    }
    if (more && batches % kBatchesPerLook == 0 && batches <= kBatchesPerLook * kLooksPerTurn) {
      now = net::now();
      look(now);
    }
  }
  return now;
}

void MediaThread::look(Instant now) {
  for (net::UdpSocket& socket : sockets_) {
    receive(now, socket, kRingsPerLook);
  }
  worker_.handle_timeout(now);  // Paced viewers go on each millisecond.
  give_events(now);
}

void MediaThread::give_events(Instant now) {
  while (!link_.events.full()) {
    auto event = worker_.poll_event();
    if (!event) {
      return;
    }
    // Not full, and nobody else puts: it cannot be refused.
    static_cast<void>(link_.events.put(message_of(std::move(*event))));
  }
  events_again_at_ = now + kRetry;
}

MediaMeans MediaThread::means() const {
  MediaMeans means{.cipher = worker_.cipher_name(), .sockets = sockets_.size()};
  for (const net::UdpSocket& socket : sockets_) {
    means.sending_runs += socket.send_offload() ? 1U : 0U;
    means.receiving_runs += socket.receive_offload() ? 1U : 0U;
    means.splitting_reports += socket.reports_fd() >= 0 ? 1U : 0U;
  }
  return means;
}

FromMedia MediaThread::message_of(sfu::Event event) const {
  auto* const report = std::get_if<sfu::WorkerReport>(&event);
  if (report == nullptr) {
    return event;
  }
  MediaReport whole{.worker = std::move(*report), .udp = {}, .means = means()};
  for (const net::UdpSocket& socket : sockets_) {
    add(whole.udp, socket.counters());
  }
  return whole;
}

}  // namespace visavis::app
