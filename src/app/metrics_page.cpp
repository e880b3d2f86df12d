#include "app/metrics_page.hpp"

#include <algorithm>
#include <utility>

#include "socketio_host/metrics.hpp"

namespace visavis::app {
namespace {

/// The media thread answers within a turn; by then it is overloaded, and its last word must do.
constexpr Duration kPatience = std::chrono::seconds(1);
/// One scraper waits for one page; more at once is no scraper.
constexpr std::size_t kWaitingMax = 16;

}  // namespace

bool may_read_metrics(const http::Request& request, const MetricsAccess& access) {
  if (access.anyone) {
    return true;
  }
  return socketio::is_direct(request) &&
         (request.remote.ip.is_loopback() ||
          std::ranges::find(access.addresses, request.remote.ip) != access.addresses.end());
}

MetricsPage::MetricsPage(http::Server& server, const MetricsSources& sources, MediaLink& media,
                         MetricsAccess access)
    : server_(server), sources_(sources), media_(media), access_(std::move(access)) {
  server.route("/metrics", [this](Instant now, http::RequestId id, const http::Request& request) {
    handle_request(now, id, request);
  });
}

void MetricsPage::handle_request(Instant now, http::RequestId id, const http::Request& request) {
  if (request.path() != "/metrics") {
    server_.respond(now, id, http::text_response(404, "not found\n"));
    return;
  }
  if (!may_read_metrics(request, access_)) {
    server_.respond(now, id, http::text_response(403, "metrics are for this machine alone\n"));
    return;
  }
  if (waiting_.size() >= kWaitingMax) {
    server_.respond(now, id, http::text_response(503, "too many at once\n"));
    return;
  }
  const std::uint64_t number = ++last_number_;
  if (!media_.commands.put(sfu::ReportWorker{number})) {
    answer(now, id);
    return;
  }
  waiting_.push_back({.until = now + kPatience, .number = number, .request = id});
}

void MetricsPage::handle_report(Instant now, MediaReport report) {
  latest_ = std::move(report);
  while (!waiting_.empty() && waiting_.front().number <= latest_.worker.request) {
    answer(now, waiting_.front().request);
    waiting_.pop_front();
  }
}

void MetricsPage::handle_timeout(Instant now) {
  while (!waiting_.empty() && waiting_.front().until <= now) {
    answer(now, waiting_.front().request);
    waiting_.pop_front();
  }
}

Instant MetricsPage::next_timeout() const {
  return waiting_.empty() ? kNever : waiting_.front().until;
}

void MetricsPage::answer(Instant now, http::RequestId id) {
  server_.respond(now, id, socketio::metrics_response(metrics_text(sources_, latest_)));
}

}  // namespace visavis::app
