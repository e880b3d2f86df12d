#include "app/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace visavis::app {
namespace {

using testing::ElementsAre;

TEST(Log, WritesOneLineAnEvent) {
  EXPECT_EQ(format_line(LogLevel::kInfo, "joined", {{"room", "r1"}, {"participants", 3U}}),
            "info event=joined room=r1 participants=3");
}

TEST(Log, LetsNoValueLookLikeAnotherLineOrField) {
  EXPECT_EQ(format_line(LogLevel::kError, "x", {{"name", "a\nb event=\"y\" \\"}}),
            "error event=x name=\"a\\x0ab event=\\\"y\\\" \\\\\"");
}

TEST(Log, LeavesOutWhatIsEmpty) {
  EXPECT_EQ(format_line(LogLevel::kError, "x", {{"reason", ""}}), "error event=x");
}

TEST(Log, KeepsLettersOfAllLanguages) {
  EXPECT_EQ(format_line(LogLevel::kInfo, "x", {{"name", "李雷"}}), "info event=x name=李雷");
}

TEST(Log, CutsLongValues) {
  const std::string line = format_line(LogLevel::kInfo, "x", {{"n", std::string(10'000, 'a')}});
  EXPECT_LT(line.size(), 300U);
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  std::vector<std::string> lines;
  const Log log(LogLevel::kWarning, [&](std::string_view line) { lines.emplace_back(line); });
  log.info("a");
  log.warning("b");
  log.error("c");
  EXPECT_THAT(lines, ElementsAre("warning event=b", "error event=c"));
}

}  // namespace
}  // namespace visavis::app
