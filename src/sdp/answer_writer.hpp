#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sdp/answer.hpp"

/// How the decisions of `answer()` look as text. Not for use outside of this module.
namespace visavis::sdp {

/// What becomes of a line of the offer.
enum class Role : std::uint8_t {
  kRejected,  ///< Port 0: nothing in it that we can use.
  kIdle,      ///< In the BUNDLE, but `inactive`, and never was anything else.
  kPublish,
  kSlot,
};

/// One line of the offer with all that the answer says about it.
struct Answered {
  const Line* offered = nullptr;
  Role role = Role::kRejected;
  std::vector<const OfferedCodec*> codecs{};
  std::vector<OfferedExtension> extensions{};
  std::optional<std::uint16_t> slot{};  ///< Index into `Negotiated::slots`.
};

/// Lends from the answer being made; what it writes is complete in itself.
class AnswerWriter {
 public:
  /// `setup` is our DTLS role.
  AnswerWriter(const Description& offer, const OurSide& ours, const std::vector<Slot>& slots,
               SetupRole setup)
      : offer_(offer), ours_(ours), slots_(slots), setup_(setup) {}

  [[nodiscard]] std::string write(const std::vector<Answered>& lines, std::uint32_t version) const;

 private:
  [[nodiscard]] MediaSection write_line(const Answered& line, bool tagged) const;
  void write_transport(Attributes& to, bool tagged) const;

  const Description& offer_;
  const OurSide& ours_;
  const std::vector<Slot>& slots_;
  SetupRole setup_;
};

}  // namespace visavis::sdp
