#include "json/date.hpp"

#include <gtest/gtest.h>

#include "json/writer.hpp"

namespace visavis::json {
namespace {

Date at(std::int64_t ms) {
  return Date(std::chrono::milliseconds(ms));
}

// Expected values are what Node 20 prints for `new Date(ms).toISOString()`.
TEST(Date, IsWrittenAsJavaScriptWritesIt) {
  EXPECT_EQ(to_iso_string(at(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso_string(at(1795378530250)), "2026-11-22T20:15:30.250Z");
  EXPECT_EQ(to_iso_string(at(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(Date, BeyondFourDigitsTheYearHasASignAndSix) {
  EXPECT_EQ(to_iso_string(at(253402300800000)), "+010000-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso_string(at(-62198755200000)), "-000001-01-01T00:00:00.000Z");
}

TEST(Date, AsTextIsThatOfAClockShowingUtc) {
  EXPECT_EQ(to_date_string(at(1795378530250)),
            "Sun Nov 22 2026 20:15:30 GMT+0000 (Coordinated Universal Time)");
}

TEST(Date, IsAStringInJson) {
  Writer writer;
  writer.begin_object().member("date", at(0)).end_object();
  EXPECT_EQ(writer.text(), R"({"date":"1970-01-01T00:00:00.000Z"})");
}

}  // namespace
}  // namespace visavis::json
