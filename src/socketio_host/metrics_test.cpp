#include "socketio_host/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <numeric>
#include <set>
#include <string>

namespace visavis::socketio {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string text_of(const HostCounters& counters) {
  MetricsWriter out;
  write_metrics(out, counters);
  return out.text();
}

TEST(Metrics, ARefusalStandsOnceAmongTheReasonsAndOnceAmongTheErrors) {
  HostCounters counters;
  counters.engineio.sessions_refused = 2;
  counters.engineio.refused_by_hooks = 3;
  counters.engineio.bad_requests = 7;  // two besides: bad ones
  const std::string text = text_of(counters);
  EXPECT_THAT(text, HasSubstr("\nvisavis_session_errors_total 7\n"));
  EXPECT_THAT(text, HasSubstr("\nvisavis_session_refusals_total{reason=\"sessions_max\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("\nvisavis_session_refusals_total{reason=\"hook\"} 3\n"));
  EXPECT_THAT(text, Not(HasSubstr("{reason=\"any\"}")));
  EXPECT_THAT(text, Not(HasSubstr("{stage=\"refused\"}")));
}

TEST(Metrics, AreAddedUpOverThreads) {
  HostCounters counters;
  HostCounters other;
  counters.socketio.sockets = 1;
  counters.sessions = 10;
  other.socketio.sockets = 2;
  other.http.requests = 3;
  other.sessions = 20;
  const std::string text = text_of(counters += other);
  EXPECT_THAT(text, HasSubstr("\nvisavis_sockets_total{result=\"connected\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("\nvisavis_http_requests_total 3\n"));
  EXPECT_THAT(text, HasSubstr("\nvisavis_sessions 30\n"));
}

/// Each field another number, from `first` on.
template <class Of>
Of numbered(std::uint64_t first) {
  std::array<std::uint64_t, sizeof(Of) / sizeof(std::uint64_t)> numbers{};
  std::iota(numbers.begin(), numbers.end(), first);
  return std::bit_cast<Of>(numbers);
}

TEST(Metrics, EveryCounterIsToldSoThatNoRefusalIsSilent) {
  HostCounters counters;
  counters.http = numbered<http::Counters>(100'000);
  counters.connections = numbered<net::HttpHostCounters>(200'000);
  counters.engineio = numbered<engineio::Counters>(300'000);
  counters.socketio = numbered<Counters>(400'000);
  // Told under another name: all accepted, moved between threads, and Engine.IO's sessions.
  std::set<std::uint64_t> elsewhere{counters.http.connections, counters.http.left,
                                    counters.http.adopted, counters.socketio.connections};
  // Two reasons that are one for whoever reads.
  elsewhere.insert({counters.http.connections_refused, counters.connections.refused_limit});
  const std::string text = text_of(counters);
  EXPECT_THAT(text, HasSubstr(" " +
                              std::to_string(counters.http.connections_refused +
                                             counters.connections.refused_limit) +
                              "\n"));
  const auto expect_all = [&](std::uint64_t first, std::size_t bytes) {
    for (std::uint64_t number = first; number < first + (bytes / sizeof(number)); ++number) {
      EXPECT_TRUE(elsewhere.contains(number) ||
                  text.find(" " + std::to_string(number) + "\n") != std::string::npos)
          << number;
    }
  };
  expect_all(100'000, sizeof(counters.http));
  expect_all(200'000, sizeof(counters.connections));
  expect_all(300'000, sizeof(counters.engineio));
  expect_all(400'000, sizeof(counters.socketio));
}

TEST(Metrics, ARequestWithAFieldOfAProxyIsNotDirect) {
  http::Request request;
  request.headers.set("Host", "localhost");
  EXPECT_TRUE(is_direct(request));
  for (const char* const field : {"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"}) {
    http::Request passed_on = request;
    passed_on.headers.set(field, "");
    EXPECT_FALSE(is_direct(passed_on)) << field;
  }
}

}  // namespace
}  // namespace visavis::socketio
