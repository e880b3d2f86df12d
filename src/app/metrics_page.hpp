#pragma once

#include <cstdint>
#include <deque>

#include "app/config.hpp"
#include "app/media_link.hpp"
#include "app/metrics.hpp"
#include "http/server.hpp"

namespace visavis::app {

/// Whether `/metrics` is for whoever sent `request`. What a proxy on this machine passes on does
/// not come from this machine.
[[nodiscard]] bool may_read_metrics(const http::Request& request, const MetricsAccess& access);

/// Answers `/metrics`: asks the media thread for its numbers, and answers when they come, or
/// without them after a second.
class MetricsPage {
 public:
  MetricsPage(http::Server& server, const MetricsSources& sources, MediaLink& media,
              MetricsAccess access);

  void handle_report(Instant now, MediaReport report);
  void handle_timeout(Instant now);
  [[nodiscard]] Instant next_timeout() const;

 private:
  struct Waiting {
    Instant until;
    std::uint64_t number = 0;
    http::RequestId request;
  };

  void handle_request(Instant now, http::RequestId id, const http::Request& request);
  void answer(Instant now, http::RequestId id);

  http::Server& server_;
  MetricsSources sources_;
  MediaLink& media_;
  MetricsAccess access_;
  std::deque<Waiting> waiting_;  // Oldest first.
  std::uint64_t last_number_ = 0;
  MediaReport latest_;
};

}  // namespace visavis::app
