#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "socketio/cluster.hpp"
#include "socketio/test_bed.hpp"

namespace visavis::socketio {

/// Servers that are told what the others say when `pump()` is called, as over a network.
class TestCluster {
 public:
  explicit TestCluster(std::size_t servers, const Options& options = {}) {
    for (std::size_t i = 0; i < servers; ++i) {
      TestBed& bed = *beds_.emplace_back(std::make_unique<TestBed>(options));
      // Each draws ids of its own.
      static_cast<void>(bed.entropy().token(i + 1));
      ways_.push_back(std::make_unique<Way>(*this, i));
      bed.io().join_cluster(*ways_.back());
    }
  }

  [[nodiscard]] TestBed& bed(std::size_t index) { return *beds_[index]; }
  [[nodiscard]] Server& io(std::size_t index) { return bed(index).io(); }
  void pump() {
    while (!waiting_.empty()) {
      give(0);
    }
  }
  /// Only what is for one of them: the others are slow.
  void pump(std::size_t server) {
    while (true) {
      const auto next = std::ranges::find(waiting_, server, &Waiting::first);
      if (next == waiting_.end()) {
        return;
      }
      give(static_cast<std::size_t>(next - waiting_.begin()));
    }
  }
  /// The last that waits for this one comes before all others.
  void overtake(std::size_t server) {
    for (std::size_t at = waiting_.size(); at-- > 0;) {
      if (waiting_[at].first == server) {
        give(at);
        return;
      }
    }
  }
  void lose_all() { waiting_.clear(); }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  using Waiting = std::pair<std::size_t, ClusterMessage>;

  void give(std::size_t at) {
    auto [to, message] = std::move(waiting_[at]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(at));
    io(to).handle_cluster(bed(to).now(), std::move(message));
    bed(to).pump();
  }

  class Way final : public Cluster {
   public:
    Way(TestCluster& of, std::size_t index) : of_(of), index_(index) {}
    void publish(ClusterMessage message) override {
      for (std::size_t i = 0; i < of_.beds_.size(); ++i) {
        if (i != index_) {
          of_.waiting_.emplace_back(i, message);
        }
      }
    }
    void respond(std::string_view to, ClusterMessage message) override {
      for (std::size_t i = 0; i < of_.beds_.size(); ++i) {
        if (of_.io(i).cluster_id() == to) {
          of_.waiting_.emplace_back(i, std::move(message));
          return;
        }
      }
    }
    [[nodiscard]] std::size_t others() const override { return of_.beds_.size() - 1; }

   private:
    TestCluster& of_;
    std::size_t index_;
  };

  std::vector<std::unique_ptr<Way>> ways_;
  std::vector<std::unique_ptr<TestBed>> beds_;
  std::vector<Waiting> waiting_;
};

}  // namespace visavis::socketio
