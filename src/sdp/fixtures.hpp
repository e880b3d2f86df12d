#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "base/entropy.hpp"
#include "base/random.hpp"
#include "sdp/answer.hpp"

/// What this module's tests share: offers recorded from browsers, and a server to answer them.
namespace visavis::sdp::testing {

inline std::string fixture(std::string_view name) {
  const auto path = std::filesystem::path(__FILE__).parent_path() / "fixtures" / name;
  std::ifstream file(path, std::ios::binary);
  check(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

class SeededEntropy : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : random_(seed) {}
  void fill(MutableBytes bytes) override {
    for (std::byte& byte : bytes) {
      byte = static_cast<std::byte>(random_.next());
    }
  }

 private:
  Random random_;
};

inline OurSide server_side() {
  OurSide ours;
  ours.ice = {.ufrag = "serverufrag1", .pwd = "serverpasswordserverpass"};
  ours.fingerprint = {.algorithm = "sha-256", .value = "AB:CD"};
  ours.candidates = {{.ip = IpAddress::v4(0xC0000205), .port = 7000},
                     {.ip = IpAddress::v4(0x7F000001), .port = 7000}};
  ours.origin_id = "4711";
  return ours;
}

}  // namespace visavis::sdp::testing
