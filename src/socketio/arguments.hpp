#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/shared_bytes.hpp"
#include "json/value.hpp"

namespace visavis::socketio {

/// The binary attachments of one packet; empty (null) for most. Shared by its arguments.
using Attachments = std::shared_ptr<const std::vector<SharedBytes>>;

/// One argument of an event or an ack, or a value inside one: JSON, or bytes. A cheap copy; keeps
/// alive what it points to.
class Argument {
 public:
  Argument() = default;  ///< null
  Argument(json::Value value, Attachments attachments)
      : value_(std::move(value)), attachments_(std::move(attachments)) {}

  /// Bytes that came as an attachment (a Buffer, Blob, ArrayBuffer or typed array of the client).
  [[nodiscard]] bool is_binary() const { return binary() != nullptr; }
  /// The bytes; null when this is not binary.
  [[nodiscard]] SharedBytes binary() const;
  [[nodiscard]] Bytes as_bytes() const;

  /// The value as JSON. Where bytes were, it has Socket.IO's placeholder object.
  [[nodiscard]] const json::Value& json() const { return value_; }
  [[nodiscard]] bool has_attachments() const { return attachments_ != nullptr; }

  [[nodiscard]] bool is_null() const { return value_.is_null(); }
  [[nodiscard]] bool is_bool() const { return value_.is_bool(); }
  [[nodiscard]] bool is_number() const { return value_.is_number(); }
  [[nodiscard]] bool is_string() const { return value_.is_string(); }
  [[nodiscard]] bool is_array() const { return value_.is_array(); }
  [[nodiscard]] bool is_object() const { return value_.is_object() && !is_binary(); }

  [[nodiscard]] bool as_bool(bool otherwise = false) const { return value_.as_bool(otherwise); }
  [[nodiscard]] double as_number(double otherwise = 0) const { return value_.as_number(otherwise); }
  [[nodiscard]] std::optional<std::int64_t> as_integer() const { return value_.as_integer(); }
  [[nodiscard]] std::string_view as_string(std::string_view otherwise = {}) const {
    return value_.as_string(otherwise);
  }

  /// Into arrays and objects, as `json::Value` does; null where there is nothing.
  [[nodiscard]] std::size_t size() const { return value_.size(); }
  [[nodiscard]] Argument at(std::size_t index) const { return {value_.at(index), attachments_}; }
  [[nodiscard]] Argument operator[](std::string_view key) const {
    return {value_[key], attachments_};
  }

 private:
  json::Value value_;
  Attachments attachments_;
};

/// What came with an event (without its name) or an ack. A cheap copy.
class Arguments {
 public:
  Arguments() = default;
  /// Elements `first` and up of `list`, an array.
  Arguments(json::Value list, std::size_t first, Attachments attachments)
      : list_(std::move(list)), first_(first), attachments_(std::move(attachments)) {}

  [[nodiscard]] std::size_t size() const {
    const std::size_t all = list_.size();
    return all > first_ ? all - first_ : 0;
  }
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// Null past the end, as JavaScript's undefined.
  [[nodiscard]] Argument operator[](std::size_t index) const {
    return {list_.at(first_ + index), attachments_};
  }

 private:
  json::Value list_;
  std::size_t first_ = 0;
  Attachments attachments_;
};

}  // namespace visavis::socketio
