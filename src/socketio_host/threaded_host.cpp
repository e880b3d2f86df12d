#include "socketio_host/threaded_host.hpp"

#include <algorithm>
#include <bit>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>

#include "base/check.hpp"
#include "net/clock.hpp"
#include "net/shared_address_table.hpp"
#include "net/signals.hpp"
#include "net/travelling_connection.hpp"
#include "socketio/cluster.hpp"
#include "socketio_host/backlog.hpp"

namespace visavis::socketio {
namespace {

/// How many connections more than the emptiest thread one may have before it gives new ones away:
/// few enough for an even load, enough that not every connection is moved.
constexpr std::size_t kSurplus = 4;

/// How long the other threads are waited for when the metrics are read.
constexpr Duration kScrapePatience = std::chrono::seconds(1);
/// One scraper waits for one page; more at once is no scraper.
constexpr std::size_t kScrapesMax = 16;

/// An address may not take more by reaching several threads: one count for all.
template <class Options>
void share_addresses(Options& options) {
  if (options.per_address.limits() && !options.addresses) {
    options.addresses = std::make_shared<net::SharedAddressTable>(options.per_address);
  }
}

HostOptions with_shared_limits(HostOptions options) {
  share_addresses(options.http);
  share_addresses(options.engineio);
  return options;
}

HostOptions options_of(HostOptions options, std::size_t index, std::size_t count) {
  options.engineio.shard = engineio::Shard{.index = index, .count = count};
  options.connections.share_port = true;
  return options;
}

}  // namespace

/// One thread's part.
class ThreadedHost::Shard {
 public:
  Shard(const HostOptions& options, std::size_t index, std::size_t count)
      : host(options_of(options, index, count)), posts(options.thread_backlog_bytes_max) {
    watch = host.reactor().watch(posts.fd(), net::Interest::kRead,
                                 [this](Instant now, net::Ready) { take_posts(now); });
    host.reactor().drive({.next_timeout = {}, .handle_timeout = {}, .drain = [this](Instant) {
                            connections.store(host.connections().connections(),
                                              std::memory_order_relaxed);
                            return false;
                          }});
  }

  void take_posts(Instant now) {
    posts.take([&](Backlog::Post post) {
      if (auto* const connection = std::get_if<0>(&post)) {
        host.connections().adopt(now, std::move(*connection));
      } else {
        host.io().handle_cluster(now, std::move(std::get<ClusterMessage>(post)));
      }
    });
  }

  [[nodiscard]] ThreadLoad load() const {
    return {.connections = host.connections().connections(), .backlog_bytes = posts.bytes()};
  }

  std::unique_ptr<Cluster> way;  // The host's server speaks through it to its end.
  Host host;
  Backlog posts;
  net::Reactor::Watch watch;
  std::atomic<std::size_t> connections = 0;  ///< as of its last turn, for the others
};

/// How one thread speaks to the others.
class ThreadedHost::Way final : public Cluster {
 public:
  Way(ThreadedHost& hosts, std::size_t self) : hosts_(hosts), self_(self) {}

  void publish(ClusterMessage message) override {
    for (std::size_t i = 0; i < hosts_.shards_.size(); ++i) {
      if (i != self_) {
        put_behind(i, ClusterMessage(message));
      }
    }
  }
  void respond(std::string_view to, ClusterMessage message) override {
    const auto found = std::ranges::find_if(
        hosts_.shards_, [&](const auto& shard) { return shard->host.io().cluster_id() == to; });
    if (found != hosts_.shards_.end()) {
      put_behind(static_cast<std::size_t>(found - hosts_.shards_.begin()), std::move(message));
    }
  }
  [[nodiscard]] std::size_t others() const override { return hosts_.shards_.size() - 1; }

  [[nodiscard]] bool put(std::size_t to, Backlog::Post post, net::Wake wake = net::Wake::kNow) {
    const bool fits =
        to < hosts_.shards_.size() && hosts_.shards_[to]->posts.put(std::move(post), wake);
    hosts_.lost_ += fits ? 0U : 1U;
    return fits;
  }

  /// The others are woken once, when this thread's handlers have said all that they have to say in
  /// this turn, and before its own sockets are written: a thread that is woken by the first of ten
  /// broadcasts writes to each of its sockets twice.
  [[nodiscard]] bool owes_wake() const { return sleepers_ != 0; }
  void wake_others() {
    while (sleepers_ != 0) {
      hosts_.shards_[static_cast<std::size_t>(std::countr_zero(sleepers_))]->posts.wake_taker();
      sleepers_ &= sleepers_ - 1;
    }
  }

  /// Who takes a connection that this thread has accepted, if not this one. The kernel deals out by
  /// chance, which is uneven for the few connections of a small server.
  [[nodiscard]] std::optional<std::size_t> choose() {
    const auto count = [&](std::size_t i) {
      return hosts_.shards_[i]->connections.load(std::memory_order_relaxed);
    };
    std::size_t emptiest = self_;
    for (std::size_t i = 0; i < hosts_.shards_.size(); ++i) {
      emptiest = count(i) < count(emptiest) ? i : emptiest;
    }
    const bool gives = hosts_.shards_[self_]->connections++ >= count(emptiest) + kSurplus;
    if (!gives) {
      return std::nullopt;
    }
    // Until the next turns, when each says for itself.
    --hosts_.shards_[self_]->connections;
    ++hosts_.shards_[emptiest]->connections;
    return emptiest;
  }

 private:
  void put_behind(std::size_t to, ClusterMessage message) {
    static_cast<void>(put(to, std::move(message), net::Wake::kLater));
    sleepers_ |= std::uint64_t{1} << to;
  }

  ThreadedHost& hosts_;
  std::size_t self_;
  std::uint64_t sleepers_ = 0;  ///< a bit for each thread that has something and was not woken
  static_assert(engineio::Shard::kCountMax <= 64);
};

ThreadedHost::ThreadedHost(std::size_t threads, const HostOptions& options, const SetUp& set_up) {
  check(threads >= 1 && threads <= engineio::Shard::kCountMax);
  const HostOptions shared = with_shared_limits(options);
  for (std::size_t i = 0; i < threads; ++i) {
    shards_.push_back(std::make_unique<Shard>(shared, i, threads));
  }
  for (std::size_t i = 0; i < threads; ++i) {
    Shard& shard = *shards_[i];
    auto made = std::make_unique<Way>(*this, i);
    Way& way = *made;
    shard.way = std::move(made);
    shard.host.io().join_cluster(way);
    shard.host.connections().set_neighbours(
        {.choose = [&way] { return way.choose(); },
         .leave =
             [&way](std::size_t to, std::unique_ptr<net::TravellingConnection> connection) {
               return way.put(to, std::move(connection));
             }});
    shard.host.reactor().drive(
        {.next_timeout = [&way] { return way.owes_wake() ? Instant::min() : kNever; },
         .handle_timeout = [&way](Instant) { way.wake_others(); },
         .drain =
             [&way](Instant) {
               way.wake_others();
               return false;
             }});
    shard.host.answer_metrics_by(
        [this, i](http::RequestId request) { gather_metrics(i, request); });
    set_up(shard.host);
  }
}

ThreadedHost::~ThreadedHost() = default;

ThreadedHost::Listened ThreadedHost::listen_all(std::uint16_t port, const Listen& listen) {
  for (const auto& shard : shards_) {
    const Listened listened = listen(shard->host, port);
    if (!listened) {
      return listened;
    }
    port = *listened;  // The first may have taken a free one.
  }
  return port;
}

ThreadedHost::Listened ThreadedHost::listen(std::uint16_t port, const tls::TlsContext* tls) {
  return listen_all(port, [tls](Host& host, std::uint16_t at) { return host.listen(at, tls); });
}

ThreadedHost::Listened ThreadedHost::listen_loopback(std::uint16_t port,
                                                     const tls::TlsContext* tls) {
  return listen_all(port,
                    [tls](Host& host, std::uint16_t at) { return host.listen_loopback(at, tls); });
}

void ThreadedHost::run() noexcept {
  net::block_signals({SIGINT, SIGTERM});
  const net::SignalWatch signals(shards_.front()->host.reactor(), {SIGINT, SIGTERM},
                                 [this](Instant, int) { stop(); });
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < shards_.size(); ++i) {
    others.emplace_back([&shard = *shards_[i]] { shard.host.reactor().run(); });
  }
  shards_.front()->host.reactor().run();
}

bool ThreadedHost::post(std::size_t thread, Callback<void()> work) {
  const bool fits = shards_.at(thread)->host.post(std::move(work));
  lost_ += fits ? 0U : 1U;
  return fits;
}

void ThreadedHost::shut_down(Duration window) {
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    Host& host = shards_[i]->host;
    if (!post(i, [&host, window] { host.shut_down(window); })) {
      host.stop();  // It has more to do than it ever will.
    }
  }
}

bool ThreadedHost::use_tls(const std::shared_ptr<const tls::TlsContext>& tls) {
  bool all = true;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    Host& host = shards_[i]->host;
    all = post(i, [&host, tls] { host.use_tls(tls); }) && all;
  }
  return all;
}

/// One reader of the metrics. Its thread alone touches it, the others only bring it back.
struct ThreadedHost::Scrape {
  Host& host;
  http::RequestId request;
  std::vector<ThreadLoad> threads;
  HostCounters total;
  std::size_t due = 0;
  TimerId patience{};
  bool answered = false;
};

void ThreadedHost::gather_metrics(std::size_t thread, http::RequestId request) {
  Host& host = shards_[thread]->host;
  if (++scrapes_ > kScrapesMax) {
    --scrapes_;
    ++scrapes_refused_;
    host.http().respond(net::now(), request, http::text_response(503, "too many at once\n"));
    return;
  }
  const auto scrape =
      std::make_shared<Scrape>(Scrape{.host = host,
                                      .request = request,
                                      .threads = std::vector<ThreadLoad>(shards_.size()),
                                      .total = host.counters()});
  scrape->threads[thread] = shards_[thread]->load();
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    const bool asked =
        i != thread && post(i, [this, scrape, i, thread, &there = *shards_[i]] {
          const auto add = [this, scrape, i, counters = there.host.counters(),
                            load = there.load()] {
            scrape->total += counters;
            scrape->threads[i] = load;
            if (--scrape->due == 0) {
              answer_metrics(*scrape);
            }
          };
          static_cast<void>(post(thread, add));  // Lost: answered without, in a second.
        });
    scrape->due += asked ? 1U : 0U;
  }
  if (scrape->due == 0) {
    answer_metrics(*scrape);
  } else {
    scrape->patience = host.after(kScrapePatience, [this, scrape] { answer_metrics(*scrape); });
  }
}

void ThreadedHost::answer_metrics(Scrape& scrape) {
  if (std::exchange(scrape.answered, true)) {
    return;
  }
  --scrapes_;
  scrape.host.cancel(scrape.patience);
  MetricsWriter out;
  write_metrics(out, scrape.total);
  write_thread_metrics(out, scrape.threads, {.lost = lost_, .scrapes_refused = scrapes_refused_});
  scrape.host.http().respond(net::now(), scrape.request, metrics_response(out.text()));
}

}  // namespace visavis::socketio
