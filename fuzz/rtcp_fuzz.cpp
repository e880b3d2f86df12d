#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/check.hpp"
#include "rtp/rtcp.hpp"

// Whatever arrives, every view that a packet gives stays inside the datagram. Run under the address
// sanitizer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace visavis;
  const Bytes datagram = std::as_bytes(std::span(data, size));
  std::uint64_t sum = 0;
  const auto read_blocks = [&sum](const rtp::ReportBlocks& blocks) {
    for (std::size_t index = 0; index < blocks.size(); ++index) {
      sum += blocks[index].ssrc.value();
    }
  };
  const auto visitor = rtp::Overloaded{
      [&](const rtp::SenderReport& report) { read_blocks(report.blocks); },
      [&](const rtp::ReceiverReport& report) { read_blocks(report.blocks); },
      [&](const rtp::Sdes& sdes) { sum += sdes.cname.size(); },
      [&](const rtp::Bye& bye) {
        for (std::size_t index = 0; index < bye.size(); ++index) {
          sum += bye[index].value();
        }
      },
      [&](const rtp::Nack& nack) {
        std::size_t asked = 0;
        nack.for_each([&asked](rtp::SequenceNumber) { ++asked; });
        check(asked <= size * 5);
      },
      [&](const rtp::TransportFeedback& feedback) {
        std::size_t told = 0;
        feedback.for_each([&told](rtp::SequenceNumber, std::optional<Duration>) { ++told; });
        check(told == feedback.status_count);
      },
  };
  static_cast<void>(rtp::for_each_rtcp(datagram, visitor));
  return 0;
}
