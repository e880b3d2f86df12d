#include "sfu/work_list.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <vector>

#include "sfu/routed_peer.hpp"
#include "sfu/router_parts.hpp"

namespace visavis::sfu {
namespace {

using testing::ElementsAre;

class WorkListTest : public testing::Test {
 private:
  RouterParts parts_{std::size_t{1} << 20U, 16};
  std::vector<std::unique_ptr<RoutedPeer>> peers_;

 protected:
  RoutedPeer& peer(std::uint64_t id) {
    PeerSetup setup;
    setup.peer = PeerId(id);
    return *peers_.emplace_back(std::make_unique<RoutedPeer>(setup, parts_));
  }
  std::vector<std::uint64_t> take_all() {
    std::vector<std::uint64_t> order;
    while (const RoutedPeer* next = list.take_peer()) {
      order.push_back(next->id().value());
    }
    return order;
  }

  WorkList list;
  RoutedPeer& alice = peer(1);
  RoutedPeer& bob = peer(2);
};

TEST_F(WorkListTest, PeersComeOnceInTheOrderTheyWereMarked) {
  list.mark(alice);
  list.mark(bob);
  list.mark(alice);
  EXPECT_EQ(list.take_peer(), &alice);
  list.mark(alice);
  EXPECT_THAT(take_all(), ElementsAre(2, 1));
  EXPECT_TRUE(list.empty());
}

TEST_F(WorkListTest, WhoIsPutBackIsTheNextUnlessMarkedMeanwhile) {
  list.mark(alice);
  list.mark(bob);
  list.put_back(*list.take_peer());
  EXPECT_EQ(list.take_peer(), &alice);
  list.mark(alice);
  list.put_back(alice);
  EXPECT_THAT(take_all(), ElementsAre(2, 1));
}

TEST_F(WorkListTest, AForgottenPeerDoesNotCome) {
  list.mark(alice);
  list.mark(bob);
  list.forget(alice);
  EXPECT_THAT(take_all(), ElementsAre(2));
}

// Its room is used again while it never becomes empty, and whoever was taken can be put back.
TEST_F(WorkListTest, KeepsItsOrderHoweverLongItIsNeverEmpty) {
  constexpr std::uint64_t kPeers = 7;
  for (std::uint64_t id = 0; id < kPeers; ++id) {
    list.mark(peer(id));
  }
  for (std::uint64_t turn = 0; turn < 1'000; ++turn) {
    RoutedPeer* taken = list.take_peer();
    ASSERT_NE(taken, nullptr);
    ASSERT_EQ(taken->id().value(), turn % kPeers);
    RoutedPeer& other = peer(1'000 + turn);
    list.mark(other);
    list.put_back(*taken);
    ASSERT_EQ(list.take_peer(), taken);
    list.forget(other);
    list.mark(*taken);
  }
}

}  // namespace
}  // namespace visavis::sfu
