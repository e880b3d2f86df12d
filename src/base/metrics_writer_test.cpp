#include "base/metrics_writer.hpp"

#include <gtest/gtest.h>

namespace visavis {
namespace {

TEST(MetricsWriter, WritesHelpAndTypeBeforeTheSamplesOfAFamily) {
  MetricsWriter out;
  out.counter("a_total", "What a is.");
  out.sample(1, {{"reason", "x"}, {"from", "y"}});
  out.sample(2, {{"reason", "z"}, {"from", "y"}});
  out.gauge("b", "What b is.", 3);
  EXPECT_EQ(out.text(),
            "# HELP a_total What a is.\n# TYPE a_total counter\n"
            "a_total{reason=\"x\",from=\"y\"} 1\na_total{reason=\"z\",from=\"y\"} 2\n"
            "# HELP b What b is.\n# TYPE b gauge\nb 3\n");
}

TEST(MetricsWriter, WritesBothDirectionsOfAFamily) {
  MetricsWriter out;
  out.counter("a_total", "A.");
  out.directions(1, 2);
  EXPECT_TRUE(out.text().ends_with("a_total{direction=\"in\"} 1\na_total{direction=\"out\"} 2\n"));
}

TEST(MetricsWriter, EscapesWhatPeopleNamedTheirRooms) {
  MetricsWriter out;
  out.counter("a_total", "A.");
  out.sample(1, {{"room", "a\"b\\c\nd"}});
  EXPECT_TRUE(out.text().ends_with("a_total{room=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

}  // namespace
}  // namespace visavis
