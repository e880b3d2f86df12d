#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "socketio/test_bed.hpp"

namespace visavis::socketio {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

Options with_cleanup(bool recovery = false) {
  Options options;
  options.cleanup_empty_child_namespaces = true;
  if (recovery) {
    options.recovery = RecoveryOptions{};
  }
  return options;
}

class ChildCleanupTest : public testing::Test {
 protected:
  explicit ChildCleanupTest(const Options& options = with_cleanup())
      : bed_(options), parent_(bed_.io().of_dynamic([](std::string_view name, const json::Value&) {
          return name.starts_with("/dynamic-");
        })) {}

  TestBed bed_;
  ParentNamespace& parent_;
};

TEST_F(ChildCleanupTest, AChildEndsWithItsLastSocketAndCanBeMadeAgain) {
  TestBed::Client& client = bed_.open();
  client.send("40/dynamic-1,");
  TestBed::Client& other = bed_.open();
  other.send("40/dynamic-1,");
  client.vanish();
  bed_.pass(milliseconds(0));
  EXPECT_THAT(parent_.children(), SizeIs(1));
  other.send("41/dynamic-1,");
  bed_.pass(milliseconds(0));
  EXPECT_THAT(parent_.children(), IsEmpty());
  EXPECT_EQ(bed_.io().find_namespace("/dynamic-1"), nullptr);
  EXPECT_EQ(bed_.io().counters().namespaces_ended, 1U);
  static_cast<void>(other.take());
  other.send("40/dynamic-1,");
  EXPECT_THAT(other.take(), ElementsAre(StartsWith("40/dynamic-1,")));
}

TEST_F(ChildCleanupTest, OneWhoseOnlyClientWasRefusedEndsToo) {
  parent_.use([](Socket&, Next next) { next(ConnectError{.message = "no"}); });
  TestBed::Client& client = bed_.open();
  client.send("40/dynamic-1,");
  EXPECT_THAT(client.take(), ElementsAre(StartsWith("44/dynamic-1,")));
  bed_.pass(milliseconds(0));
  EXPECT_THAT(parent_.children(), IsEmpty());
}

TEST_F(ChildCleanupTest, OneWhoseClientIsStillBeingAskedStays) {
  std::optional<Next> asked;
  parent_.use([&](Socket&, Next next) { asked.emplace(std::move(next)); });
  TestBed::Client& client = bed_.open();
  client.send("40/dynamic-1,");
  bed_.pass(milliseconds(0));
  ASSERT_THAT(parent_.children(), SizeIs(1));
  (*asked)();
  bed_.pump();
  EXPECT_THAT(client.take(), ElementsAre(StartsWith("40/dynamic-1,")));
}

TEST_F(ChildCleanupTest, NamespacesThatWeMadeStay) {
  bed_.io().of("/static");
  TestBed::Client& client = bed_.open();
  client.send("40/static,");
  client.vanish();
  bed_.pass(milliseconds(0));
  EXPECT_NE(bed_.io().find_namespace("/static"), nullptr);
}

class RecoveringChildCleanupTest : public ChildCleanupTest {
 protected:
  RecoveringChildCleanupTest() : ChildCleanupTest(with_cleanup(true)) {}
};

TEST_F(RecoveringChildCleanupTest, AChildStaysAsLongAsASessionCanComeBack) {
  TestBed::Client& client = bed_.open();
  client.send("40/dynamic-1,");
  client.vanish();
  bed_.pass(milliseconds(0));
  EXPECT_THAT(parent_.children(), SizeIs(1));
  bed_.pass(minutes(3));
  EXPECT_THAT(parent_.children(), IsEmpty());
}

TEST(ChildNamespaces, StayWithoutTheOption) {
  TestBed bed;
  bed.io().of_dynamic([](std::string_view, const json::Value&) { return true; });
  TestBed::Client& client = bed.open();
  client.send("40/dynamic-1,");
  client.vanish();
  bed.pass(milliseconds(0));
  EXPECT_NE(bed.io().find_namespace("/dynamic-1"), nullptr);
}

}  // namespace
}  // namespace visavis::socketio
