#include "conference/payload_reader.hpp"

#include <fmt/format.h>

#include <utility>

#include "conference/names.hpp"

namespace visavis::conference {

void PayloadReader::fail(ErrorCode code, std::string message) {
  if (!failure_) {
    failure_ = Refusal{.code = code, .message = std::move(message)};
  }
}

void PayloadReader::fail_as(const PayloadReader& element) {
  if (const Refusal* const failure = element.failure()) {
    fail(failure->code, failure->message);
  }
}

void PayloadReader::fail_type(std::string_view field, std::string_view wanted) {
  fail(ErrorCode::kInvalidPayload, fmt::format("\"{}\" must be {}.", field, wanted));
}

std::string PayloadReader::text(std::string_view field) {
  const json::Value value = object_[field];
  if (!value.is_string()) {
    fail_type(field, "a string");
  }
  return std::string(value.as_string());
}

std::optional<std::string> PayloadReader::optional_text(std::string_view field) {
  return has(field) ? std::optional(text(field)) : std::nullopt;
}

bool PayloadReader::flag(std::string_view field) {
  const json::Value value = object_[field];
  if (!value.is_bool()) {
    fail_type(field, "true or false");
  }
  return value.as_bool();
}

bool PayloadReader::flag(std::string_view field, bool otherwise) {
  return has(field) ? flag(field) : otherwise;
}

std::uint32_t PayloadReader::number(std::string_view field, std::uint32_t max) {
  const auto value = object_[field].as_integer();
  if (!value || *value < 0 || *value > std::int64_t{max}) {
    fail_type(field, fmt::format("a whole number from 0 to {}", max));
    return 0;
  }
  return static_cast<std::uint32_t>(*value);
}

std::uint32_t PayloadReader::number(std::string_view field, std::uint32_t max,
                                    std::uint32_t otherwise) {
  return has(field) ? number(field, max) : otherwise;
}

json::Value PayloadReader::optional_list(std::string_view field) {
  json::Value value = object_[field];
  if (has(field) && !value.is_array()) {
    fail_type(field, "an array");
    return {};
  }
  return value;
}

void PayloadReader::fail_if(const std::optional<Refusal>& refusal) {
  if (refusal) {
    fail(refusal->code, refusal->message);
  }
}

std::string PayloadReader::room_name(std::string_view field) {
  std::string name = text(field);
  fail_if(refuse_room_name(name, limits_));
  return name;
}

std::string PayloadReader::name(std::string_view field) {
  std::string name = text(field);
  fail_if(refuse_name(name, limits_));
  return name;
}

std::optional<std::string> PayloadReader::optional_metadata(std::string_view field) {
  const auto value = object_.find(field);
  if (!value) {
    return std::nullopt;
  }
  if (value->raw().size() > limits_.metadata_bytes) {
    fail(ErrorCode::kMetadataTooLarge,
         fmt::format("Metadata has at most {} bytes of JSON.", limits_.metadata_bytes));
    return std::nullopt;
  }
  return std::string(value->raw());
}

std::string PayloadReader::offer(std::string_view field) {
  std::string offer = text(field);
  fail_if(refuse_offer_size(offer, limits_));
  return offer;
}

std::optional<std::string> PayloadReader::optional_offer(std::string_view field) {
  return has(field) ? std::optional(offer(field)) : std::nullopt;
}

void PayloadReader::check_token(std::string_view field) {
  const auto token = optional_text(field);
  if (token && token->size() > limits_.token_bytes) {
    fail(ErrorCode::kTokenTooLarge,
         fmt::format("A token has at most {} bytes.", limits_.token_bytes));
  }
}

}  // namespace visavis::conference
