#include "socketio_host/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
