#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "socketio/test_bed.hpp"

namespace visavis::socketio {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

NamespacePredicate begins_with(std::string prefix) {
  return [prefix = std::move(prefix)](std::string_view name, const json::Value&) {
    return name.starts_with(prefix);
  };
}

TEST(DynamicNamespace, IsMadeForTheFirstWhoAsks) {
  TestBed bed;
  std::vector<std::string> made;
  bed.io().on_new_namespace([&](Namespace& of) { made.push_back(of.name()); });
  ParentNamespace& rooms = bed.io().of_dynamic(begins_with("/room-"));
  rooms.on_connection([](Socket& socket) { socket.emit("welcome to", socket.of().name()); });
  TestBed::Client& a = bed.open();
  a.send("40/room-1,");
  EXPECT_THAT(a.take(),
              ElementsAre(StartsWith("40/room-1,{"), R"(42/room-1,["welcome to","/room-1"])"));
  TestBed::Client& b = bed.open();
  b.send("40/room-1,");
  b.send("40/room-2,");
  EXPECT_THAT(made, ElementsAre("/room-1", "/room-2"));
  EXPECT_EQ(bed.io().of("/room-1").size(), 2U);
}

TEST(DynamicNamespace, IsNotMadeForOtherNames) {
  TestBed bed;
  bed.io().of_dynamic(begins_with("/room-"));
  TestBed::Client& client = bed.join();
  client.send("40/hall,");
  EXPECT_THAT(client.take(), ElementsAre(R"(44/hall,{"message":"Invalid namespace"})"));
  client.send("40/room-" + std::string(300, 'x') + ",");
  EXPECT_THAT(client.take()[0], StartsWith("44/room-"));
  EXPECT_FALSE(client.closed());
}

TEST(DynamicNamespace, AsksParentsInTurnAndSeesAuth) {
  TestBed bed;
  bed.io().of_dynamic(
      [](std::string_view, const json::Value& auth) { return auth["key"].as_string() == "1"; });
  ParentNamespace& second = bed.io().of_dynamic(begins_with("/b"));
  TestBed::Client& client = bed.open();
  client.send(R"(40/a,{"key":"1"})");
  client.send(R"(40/b,{"key":"2"})");
  ASSERT_EQ(second.children().size(), 1U);
  EXPECT_EQ(second.children()[0]->name(), "/b");
}

TEST(DynamicNamespace, AsksTheParentsMiddlewaresBeforeItsOwn) {
  TestBed bed;
  std::vector<std::string> asked;
  ParentNamespace& parent = bed.io().of_dynamic(begins_with("/x"));
  parent.use([&](Socket&, Next next) {
    asked.emplace_back("parent");
    next();
  });
  bed.io().on_new_namespace([&](Namespace& of) {
    of.use([&](Socket&, Next next) {
      asked.emplace_back("own");
      next(ConnectError{.message = "no"});
    });
  });
  TestBed::Client& client = bed.open();
  client.send("40/x,");
  EXPECT_THAT(asked, ElementsAre("parent", "own"));
  EXPECT_THAT(client.take(), ElementsAre(R"(44/x,{"message":"no"})"));
}

TEST(DynamicNamespace, IsReachedThroughItsParentWithAllOthers) {
  TestBed bed;
  ParentNamespace& parent = bed.io().of_dynamic(begins_with("/x"));
  TestBed::Client& client = bed.open();
  client.send("40/x1,");
  client.send("40/x2,");
  static_cast<void>(client.take());
  parent.emit("to all", 1);
  bed.pump();
  EXPECT_THAT(client.take(), ElementsAre(R"(42/x1,["to all",1])", R"(42/x2,["to all",1])"));
}

class DecidedLater : public testing::Test {
 protected:
  DecidedLater() {
    bed_->io().of_dynamic_async(
        [this](std::string_view, const json::Value&, NamespaceVerdict verdict) {
          verdicts_.push_back(std::move(verdict));
        });
  }
  std::unique_ptr<TestBed> bed_ = std::make_unique<TestBed>();
  std::vector<NamespaceVerdict> verdicts_;
};

TEST_F(DecidedLater, LetsTheClientWait) {
  TestBed::Client& client = bed_->open();
  client.send("40/a,");
  client.send("40/b,");
  EXPECT_THAT(client.take(), IsEmpty());
  verdicts_[1](false);
  verdicts_[0](true);
  bed_->pump();
  EXPECT_THAT(client.take(),
              ElementsAre(R"(44/b,{"message":"Invalid namespace"})", StartsWith("40/a,{")));
}

TEST_F(DecidedLater, ForgivesThatTheClientOrTheServerWent) {
  TestBed::Client& client = bed_->open();
  client.send("40/a,");
  client.vanish();
  verdicts_[0](true);
  TestBed::Client& other = bed_->open();
  other.send("40/a,");
  bed_.reset();
  verdicts_.clear();
}

TEST_F(DecidedLater, ClosesAClientThatSpeaksBefore) {
  TestBed::Client& client = bed_->open();
  client.send("40/a,");
  client.send("42/a,[\"x\"]");
  EXPECT_TRUE(client.closed());
  verdicts_[0](true);
}

TEST_F(DecidedLater, SaysNoWhenNobodyAnswers) {
  TestBed::Client& client = bed_->open();
  client.send("40/a,");
  verdicts_.clear();
  bed_->pump();
  EXPECT_THAT(client.take(), ElementsAre(R"(44/a,{"message":"Invalid namespace"})"));
}

TEST(DynamicNamespace, HasALimit) {
  Options options;
  options.dynamic_namespaces_max = 1;
  TestBed bed(options);
  bed.io().of_dynamic(begins_with("/x"));
  TestBed::Client& client = bed.open();
  client.send("40/x1,");
  client.send("40/x2,");
  EXPECT_THAT(client.take(),
              ElementsAre(StartsWith("40/x1,{"), R"(44/x2,{"message":"Invalid namespace"})"));
  client.send("40/x1,");
}

TEST(DynamicNamespace, IsMadeForANameThatMatchesWhoeverAsks) {
  TestBed bed;
  std::vector<std::string> made;
  bed.io().on_new_namespace([&](Namespace& of) { made.push_back(of.name()); });
  auto parent = bed.io().of_matching(R"(^/room-\d+$)");
  ASSERT_TRUE(parent.has_value());
  (*parent)->on_connection([](Socket& socket) { socket.emit("welcome to", socket.of().name()); });
  Namespace& ours = bed.io().of("/room-1");
  ours.on_connection([](Socket& socket) { socket.emit("from ours"); });
  TestBed::Client& client = bed.open();
  client.send("40/room-1,");
  EXPECT_THAT(client.take(),
              ElementsAre(StartsWith("40/room-1,{"), R"(42/room-1,["welcome to","/room-1"])",
                          R"(42/room-1,["from ours"])"));
  client.send("40/room-2,");
  EXPECT_THAT(client.take(), testing::SizeIs(2));
  client.send("40/room-x,");
  EXPECT_THAT(client.take(), ElementsAre(R"(44/room-x,{"message":"Invalid namespace"})"));
  EXPECT_THAT(made, ElementsAre("/room-1", "/room-2"));
  (*parent)->emit("all");
  bed.pump();
  EXPECT_THAT(client.take(), ElementsAre(R"(42/room-1,["all"])", R"(42/room-2,["all"])"));
}

TEST(NewNamespace, IsToldOfOneThatTheServerMakesItselfOnce) {
  TestBed bed;
  std::vector<std::string> made;
  bed.io().on_new_namespace([&](Namespace& of) {
    made.push_back(of.name());
    if (made.size() == 1) {
      bed.io().of("/made-by-a-handler");
    }
  });
  EXPECT_EQ(bed.io().of("chat").name(), "/chat");
  bed.io().of("/chat");
  bed.io().of("/");
  EXPECT_THAT(made, ElementsAre("/chat", "/made-by-a-handler"));
}

TEST(DynamicNamespace, IsNotMadeForWhatIsNoRegularExpression) {
  TestBed bed;
  const auto parent = bed.io().of_matching("/room-[");
  ASSERT_FALSE(parent.has_value());
  EXPECT_FALSE(parent.error().text.empty());
}

TEST(ParentNamespaceTest, EmitsToThoseThatItHadThoughAListenerMakesAnother) {
  TestBed bed;
  ParentNamespace* const parent = bed.io().of_matching("^/room-").value();
  int made = 0;
  parent->on_connection([&](Socket& socket) {
    socket.on_any_outgoing([&](std::string_view, const Arguments&) {
      bed.io().of("/room-made-" + std::to_string(++made));
    });
  });
  TestBed::Client& client = bed.open();
  client.send("40/room-a,");
  client.send("40/room-b,");
  static_cast<void>(client.take());
  parent->emit("hello");
  bed.pump();
  EXPECT_EQ(client.take(),
            (std::vector<std::string>{R"(42/room-a,["hello"])", R"(42/room-b,["hello"])"}));
  EXPECT_EQ(parent->children().size(), 4U);
}

}  // namespace
}  // namespace visavis::socketio
