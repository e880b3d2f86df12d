#include "conference/notice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "conference/call_bed.hpp"

namespace visavis::conference {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::FieldsAre;
using ::testing::SizeIs;
using enum Notice::Kind;

std::vector<Notice> take(CallBed& bed) {
  std::vector<Notice> notices;
  while (auto notice = bed.service().poll_notice()) {
    notices.push_back(*std::move(notice));
  }
  return notices;
}

TEST(Notices, TellWhoCameAndWhoWent) {
  CallBed bed;
  auto ada = bed.connect();
  ada.join("standup", "Ada");
  const std::string id = ada.self;
  ada.request("leave", "{}");
  EXPECT_THAT(take(bed), ElementsAre(FieldsAre(kJoined, "standup", id, ""),
                                     FieldsAre(kLeft, "standup", id, "goodbye")));
}

TEST(Notices, TellWhyASocketWasLostAndWhetherItsParticipantCameBack) {
  CallBed bed;
  auto ada = bed.connect();
  ada.join("standup", "Ada");
  auto grace = bed.connect();
  grace.join("standup", "Grace");
  static_cast<void>(take(bed));
  ada.vanish();
  grace.vanish();
  auto again = bed.connect();
  again.request("resume", "{\"token\":\"" + ada.token + "\"}");
  bed.pass(61s);
  EXPECT_THAT(take(bed),
              ElementsAre(FieldsAre(kSocketLost, "standup", ada.self, "transport close"),
                          FieldsAre(kSocketLost, "standup", grace.self, "transport close"),
                          FieldsAre(kResumed, "standup", ada.self, ""),
                          FieldsAre(kLeft, "standup", grace.self, "timeout")));
}

TEST(Notices, TellWhyMediaFailed) {
  CallBed bed;
  auto ada = bed.connect();
  ada.join("standup", "Ada");
  const auto opened = bed.take<sfu::OpenPeer>();
  ASSERT_THAT(opened, SizeIs(1));
  static_cast<void>(take(bed));
  bed.tell(sfu::PeerFailed{.peer = opened[0].setup.peer, .reason = "The fingerprint is wrong."});
  EXPECT_THAT(take(bed), ElementsAre(FieldsAre(kMediaFailed, "standup", ada.self,
                                               "The fingerprint is wrong.")));
}

TEST(Notices, ForgetTheOldestWhenNobodyAsks) {
  CallBed bed;
  auto ada = bed.connect();
  for (int i = 0; i < 600; ++i) {
    ada.join("standup", "Ada");
    ada.request("leave", "{}");
    bed.pass(1s);
  }
  EXPECT_THAT(take(bed), SizeIs(1024));
}

}  // namespace
}  // namespace visavis::conference
