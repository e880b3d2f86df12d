#pragma once

#include <string>

#include "app/media_link.hpp"
#include "conference/call_service.hpp"
#include "engineio/server.hpp"
#include "http/server.hpp"
#include "net/http_host.hpp"
#include "socketio/server.hpp"

namespace visavis::app {

/// Who counts, in the signalling thread.
struct MetricsSources {
  const http::Server& http;
  const net::HttpHost& host;
  const engineio::Server& engineio;
  const socketio::Server& socketio;
  const conference::CallService& calls;
  const MediaLink& media;
};

/// The page `/metrics`; `report` is the media thread's part of it.
[[nodiscard]] std::string metrics_text(const MetricsSources& sources, const MediaReport& report);

}  // namespace visavis::app
