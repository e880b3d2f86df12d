#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.hpp"
#include "base/entropy.hpp"
#include "sdp/answer.hpp"

namespace {

class CountingEntropy : public visavis::Entropy {
 public:
  void fill(visavis::MutableBytes bytes) override {
    for (std::byte& byte : bytes) {
      byte = static_cast<std::byte>(++count_);
    }
  }

 private:
  unsigned count_ = 0;
};

}  // namespace

// Whatever is offered: what was read is written and read back the same, and an answer that is given
// is itself a description with as many lines as the offer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace visavis;
  const std::string_view text = as_text(std::as_bytes(std::span(data, size)));
  if (const auto session = sdp::parse_session(text)) {
    check(sdp::parse_session(sdp::write_session(*session)).has_value());
  }
  const auto offer = sdp::parse_description(text);
  if (!offer) {
    return 0;
  }
  sdp::OurSide ours;
  ours.ice = {.ufrag = "serverufrag1", .pwd = "serverpasswordserverpass"};
  ours.fingerprint = {.algorithm = "sha-256", .value = "AB:CD"};
  ours.candidates = {{.ip = IpAddress::v4(0x7F000001), .port = 7000}};
  ours.origin_id = "1";
  CountingEntropy entropy;
  const auto first = sdp::answer(*offer, ours, nullptr, entropy);
  if (!first) {
    return 0;
  }
  const auto answer = sdp::parse_description(first->answer);
  check(answer.has_value() && answer->lines.size() == offer->lines.size());
  const auto second = sdp::answer(*offer, ours, &*first, entropy);
  check(second.has_value() && second->slots == first->slots);
  return 0;
}
