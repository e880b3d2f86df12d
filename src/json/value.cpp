#include "json/value.hpp"

#include <cmath>

#include "json/document.hpp"

namespace visavis::json {

Type Value::type() const {
  return document_ ? document_->nodes[node_].type : Type::kNull;
}

bool Value::as_bool(bool otherwise) const {
  return is_bool() ? document_->nodes[node_].truth : otherwise;
}

double Value::as_number(double otherwise) const {
  return is_number() ? document_->nodes[node_].number : otherwise;
}

std::optional<std::int64_t> Value::as_integer() const {
  const double number = as_number();
  // 2^63 itself does not fit.
  if (!is_number() || number < -0x1p63 || number >= 0x1p63 || std::trunc(number) != number) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(number);
}

std::string_view Value::as_string(std::string_view otherwise) const {
  return is_string() ? document_->characters(document_->nodes[node_]) : otherwise;
}

std::size_t Value::size() const {
  return is_array() || is_object() ? document_->nodes[node_].count : 0;
}

Value Value::at(std::size_t index) const {
  if (index >= size()) {
    return {};
  }
  const std::size_t first = document_->nodes[node_].first;
  return {document_, document_->children[first + (is_array() ? index : (2 * index) + 1)]};
}

std::string_view Value::key_at(std::size_t index) const {
  if (!is_object() || index >= size()) {
    return {};
  }
  const std::size_t first = document_->nodes[node_].first;
  return document_->characters(document_->nodes[document_->children[first + (2 * index)]]);
}

std::optional<Value> Value::find(std::string_view key) const {
  if (!is_object()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < size(); ++i) {
    if (key_at(i) == key) {
      return at(i);
    }
  }
  return std::nullopt;
}

Value Value::operator[](std::string_view key) const {
  return find(key).value_or(Value());
}

Value::Members Value::members() const {
  return {*this, is_object() ? size() : 0};
}

Value::Elements Value::elements() const {
  return {*this, is_array() ? size() : 0};
}

std::string_view Value::raw() const {
  if (!document_) {
    return "null";
  }
  const Document::Node& node = document_->nodes[node_];
  return std::string_view(document_->text).substr(node.begin, node.end - node.begin);
}

}  // namespace visavis::json
