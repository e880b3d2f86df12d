#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.hpp"
#include "rtp/rtcp.hpp"

namespace visavis::rtp {

/// Writes RTCP packets one behind the other into a buffer that somebody lends (RFC 3550 §6.1).
///
/// Each method says whether its packet fitted; one that did not leaves no trace, so that what
/// `size()` covers is always a whole compound. A compound begins with a report (`sender_report()`
/// or `receiver_report()`) and a CNAME unless reduced size was negotiated (RFC 5506 §3).
class RtcpWriter {
 public:
  explicit RtcpWriter(MutableBytes into) : into_(into) {}

  /// At most 31 blocks fit a report (RFC 3550 §6.4.1).
  static constexpr std::size_t kReportBlocksMax = 31;

  /// `report.blocks` is ignored, the blocks are those of the second argument.
  bool sender_report(const SenderReport& report, std::span<const ReportBlock> blocks = {});
  bool receiver_report(Ssrc sender, std::span<const ReportBlock> blocks = {});
  /// A source description with one CNAME of at most 255 bytes (RFC 3550 §6.5.1).
  bool cname(Ssrc ssrc, std::string_view name);
  bool bye(std::span<const Ssrc> sources);  ///< At most 31.
  /// `missing` ascends (with wrap-around); numbers that are near share an item.
  bool nack(Ssrc sender, Ssrc media, std::span<const SequenceNumber> missing);
  bool pli(Ssrc sender, Ssrc media);
  bool fir(const Fir& request);
  bool remb(const Remb& estimate, std::span<const Ssrc> media);
  /// `feedback.chunks` is written as it is (TransportFeedbackRecorder makes it) and padded.
  bool transport_feedback(const TransportFeedback& feedback);

  [[nodiscard]] std::size_t size() const { return used_; }
  [[nodiscard]] bool empty() const { return used_ == 0; }
  [[nodiscard]] std::size_t room() const { return into_.size() - used_; }
  [[nodiscard]] MutableBytes written() const { return into_.first(used_); }

 private:
  template <class Body>
  bool packet(std::uint8_t type, std::size_t count, const Body& write_body);

  MutableBytes into_;
  std::size_t used_ = 0;
};

}  // namespace visavis::rtp
