#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "call/limits.hpp"
#include "conference/refusal.hpp"
#include "json/value.hpp"

namespace visavis::conference {

/// Reads the fields of one JSON object. The first thing wrong is kept, and what is read afterwards
/// is empty: a parser reads all its fields and asks once.
class PayloadReader {
 public:
  PayloadReader(json::Value object, const call::Limits& limits)
      : object_(std::move(object)), limits_(limits) {}

  [[nodiscard]] std::string text(std::string_view field);
  [[nodiscard]] std::optional<std::string> optional_text(std::string_view field);
  [[nodiscard]] bool flag(std::string_view field);
  [[nodiscard]] bool flag(std::string_view field, bool otherwise);
  /// A whole number from 0 to `max`.
  [[nodiscard]] std::uint32_t number(std::string_view field, std::uint32_t max);
  [[nodiscard]] std::uint32_t number(std::string_view field, std::uint32_t max,
                                     std::uint32_t otherwise);
  /// An array; null (of no elements) when it is absent.
  [[nodiscard]] json::Value optional_list(std::string_view field);

  // What has limits of its own.
  [[nodiscard]] std::string room_name(std::string_view field);
  [[nodiscard]] std::string name(std::string_view field);
  [[nodiscard]] std::optional<std::string> optional_metadata(std::string_view field);
  [[nodiscard]] std::string offer(std::string_view field);
  [[nodiscard]] std::optional<std::string> optional_offer(std::string_view field);
  void check_token(std::string_view field);

  [[nodiscard]] bool has(std::string_view field) const { return object_.find(field).has_value(); }
  [[nodiscard]] const json::Value& object() const { return object_; }
  void fail(ErrorCode code, std::string message);
  /// What was wrong with an element is wrong with the whole.
  void fail_as(const PayloadReader& element);
  /// Null when nothing was wrong.
  [[nodiscard]] const Refusal* failure() const { return failure_ ? &*failure_ : nullptr; }

 private:
  void fail_type(std::string_view field, std::string_view wanted);
  void fail_if(const std::optional<Refusal>& refusal);

  json::Value object_;
  call::Limits limits_;  // A copy: few words, and callers pass temporaries.
  std::optional<Refusal> failure_;
};

}  // namespace visavis::conference
