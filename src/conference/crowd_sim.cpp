#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "conference/scenario_sim.hpp"

namespace visavis::conference::sim_world {
namespace {

/// The seeds to run: some, or the one in VISAVIS_SIM_SEED (`./dev sim SEED`).
std::vector<std::uint64_t> seeds() {
  const char* one = std::getenv("VISAVIS_SIM_SEED");
  if (one != nullptr && *one != '\0') {
    return {std::strtoull(one, nullptr, 10)};
  }
  return {1, 2, 3, 4, 5, 6, 7, 8};
}

/// A room in which people come and go, look around, lose their network and their sockets, all by
/// chance out of one seed.
class Crowd {
 public:
  static constexpr std::size_t kPeopleMax = 9;

  explicit Crowd(std::uint64_t seed) : world_(seed), random_(seed * 7'919) {}

  void run(int events) {
    for (int event = 0; event < events; ++event) {
      world_.run_for(Duration(static_cast<std::int64_t>(random_.unit() * 800'000)));
      happen();
    }
  }

  void calm_down() {
    for (Person& each : people_) {
      world_.light(*each.client, path(20ms));
    }
    world_.run_for(1s);  // Who was away for too long hears that its socket was closed.
    for (Person& each : people_) {
      if (!each.left && !is_connected(each)) {
        reconnect(each);
      }
    }
    world_.run_for(8s);
  }

  void expect_that_all_see_whom_they_look_at() {
    for (const Person& each : people_) {
      const testpeer::Client& client = *each.client;
      if (each.left) {
        continue;
      }
      for (const testpeer::RosterEntry& other : client.roster().participants()) {
        const testpeer::SlotReceiver* slot = client.slot_showing(other.id);
        if (slot == nullptr) {
          continue;
        }
        const auto seen = slot->report().video.last_frame_at;
        EXPECT_TRUE(seen && *seen > world_.now() - 500ms)
            << client.roster().self() << " looks at " << other.name << " in vain";
        ++looks;
      }
    }
  }

  void expect_no_breaks() {
    for (const Person& each : people_) {
      EXPECT_EQ(breaks(*each.client), 0U) << each.client->roster().self();
      EXPECT_EQ(each.client->media().report().unknown_source, 0U);
      for (const std::string& refusal : each.client->refusals()) {
        ADD_FAILURE() << refusal;
      }
    }
  }

  void everybody_leaves() {
    for (Person& each : people_) {
      leave(each);
    }
    world_.run_for(65s);  // A goodbye on a connection that was dead already is no goodbye.
    for (const Person& each : people_) {
      EXPECT_TRUE(each.left) << each.client->roster().self()
                             << " could not leave: " << each.client->signalling().failure();
    }
    EXPECT_EQ(world_.calls().gauges().participants, 0U);
    EXPECT_EQ(world_.calls().gauges().rooms, 0U);
    EXPECT_EQ(world_.calls().gauges().streams, 0U);
  }

  int looks = 0;

 private:
  struct Person {
    testpeer::Client* client;
    bool socket_lost = false;
    bool left = false;
  };

  void happen() {
    if (people_.size() < 2 || (people_.size() < kPeopleMax && random_.unit() < 0.15)) {
      come();
      return;
    }
    Person& someone = people_[random_.next() % people_.size()];
    if (someone.left || !someone.client->times().joined) {
      return;
    }
    switch (random_.next() % 8) {
      case 0: look_around(someone); break;
      case 1: world_.set_network(*someone.client, any_path()); break;
      case 2: world_.black_out(*someone.client); break;
      case 3: world_.light(*someone.client, any_path()); break;
      case 4: world_.move(*someone.client); break;
      case 5: lose_or_find_socket(someone); break;
      case 6: someone.client->media().set_talking(random_.unit() < 0.5); break;
      default: leave(someone); break;
    }
  }

  Network any_path() {
    return path(Duration(5'000 + static_cast<std::int64_t>(random_.unit() * 80'000)),
                random_.unit() * 0.1, Duration(static_cast<std::int64_t>(random_.unit() * 20'000)));
  }

  void come() {
    testpeer::Client::Options options = person(static_cast<unsigned>(people_.size()));
    options.media.shape = static_cast<sdp::BrowserShape>(random_.next() % 3);
    options.media.camera = random_.unit() < 0.8;
    options.media.seats = static_cast<std::uint16_t>(1 + random_.next() % 6);
    people_.push_back({.client = &world_.add(options, any_path())});
  }

  void look_around(Person& someone) {
    if (someone.socket_lost || !is_connected(someone)) {
      return;
    }
    std::vector<std::string> whom;
    for (const testpeer::RosterEntry& other : someone.client->roster().participants()) {
      if (other.id != someone.client->roster().self() && random_.unit() < 0.6) {
        whom.push_back(other.id);
      }
    }
    someone.client->view(world_.now(), whom);
  }

  void lose_or_find_socket(Person& someone) {
    if (someone.socket_lost) {
      reconnect(someone);
    } else if (is_connected(someone)) {
      world_.cut_stream(*someone.client);
      someone.socket_lost = true;
    }
  }

  void reconnect(Person& someone) {
    world_.light(*someone.client, path(20ms));
    someone.client->prepare_resume();
    world_.connect_stream(*someone.client);
    someone.socket_lost = false;
  }

  void leave(Person& someone) {
    if (someone.left || someone.socket_lost || !is_connected(someone)) {
      return;
    }
    world_.light(*someone.client, path(20ms));
    someone.client->leave(world_.now());
    someone.left = true;
  }

  static bool is_connected(const Person& someone) {
    return someone.client->signalling().state() == testpeer::SignallingClient::State::kConnected;
  }

  World world_;
  Random random_;
  std::vector<Person> people_;
};

class CrowdOfSeed : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(CrowdOfSeed, SeesWhomItLooksAtAndLeavesNothingBehind) {
  Crowd crowd(GetParam());
  crowd.run(120);
  crowd.calm_down();
  crowd.expect_that_all_see_whom_they_look_at();
  crowd.expect_no_breaks();
  crowd.everybody_leaves();
  RecordProperty("looks", crowd.looks);
}

INSTANTIATE_TEST_SUITE_P(Crowd, CrowdOfSeed, ::testing::ValuesIn(seeds()),
                         [](const auto& each) { return "seed_" + std::to_string(each.param); });

}  // namespace
}  // namespace visavis::conference::sim_world
