#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "json/value.hpp"

/// For tests: holds messages against protocol/call.schema.json. Knows as much of JSON Schema as
/// that file uses.
namespace visavis::conference {

inline std::string repository_file(std::string_view path) {
  const auto root = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
  std::ifstream file(root / path, std::ios::binary);
  check(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

class SchemaCheck {
 public:
  SchemaCheck() : root_(json::parse(repository_file("protocol/call.schema.json")).value()) {}

  /// What is wrong with a payload or ack of a request; empty: nothing.
  [[nodiscard]] std::string request(std::string_view name, std::string_view part,
                                    const json::Value& value) const {
    return hold(root_["definitions"]["ClientEvents"]["properties"][name]["properties"][part], value,
                std::string(name) + "." + std::string(part));
  }
  /// What is wrong with an event of the server.
  [[nodiscard]] std::string event(std::string_view name, const json::Value& value) const {
    return hold(root_["definitions"]["ServerEvents"]["properties"][name], value, std::string(name));
  }
  [[nodiscard]] bool has_request(std::string_view name) const {
    return root_["definitions"]["ClientEvents"]["properties"].find(name).has_value();
  }

 private:
  [[nodiscard]] std::string hold(const json::Value& schema, const json::Value& value,
                                 const std::string& where) const {
    if (!schema.is_object()) {
      return where + ": the schema does not know it";
    }
    if (const auto ref = schema.find("$ref")) {
      constexpr std::string_view kPrefix = "#/definitions/";
      return hold(root_["definitions"][ref->as_string().substr(kPrefix.size())], value, where);
    }
    if (const auto choices = schema.find("oneOf")) {
      return hold_one_of(*choices, value, where);
    }
    if (const auto type = schema.find("type"); type && !is_a(type->as_string(), value)) {
      return where + ": not a " + std::string(type->as_string());
    }
    if (const auto constant = schema.find("const"); constant && constant->raw() != value.raw()) {
      return where + ": not " + std::string(constant->raw());
    }
    if (const auto words = schema.find("enum"); words && !contains(*words, value.as_string())) {
      return where + ": no word of the protocol: " + std::string(value.raw());
    }
    if (value.is_number() && (value.as_number() < schema["minimum"].as_number(-1e300) ||
                              value.as_number() > schema["maximum"].as_number(1e300))) {
      return where + ": out of range";
    }
    if (value.is_array() && schema.find("items")) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        auto wrong = hold(schema["items"], value.at(i), where + "[" + std::to_string(i) + "]");
        if (!wrong.empty()) {
          return wrong;
        }
      }
    }
    return schema.find("properties") ? hold_members(schema, value, where) : std::string();
  }

  [[nodiscard]] std::string hold_one_of(const json::Value& choices, const json::Value& value,
                                        const std::string& where) const {
    std::string wrong;
    std::size_t fitting = 0;
    for (const json::Value& choice : choices.elements()) {
      const std::string one = hold(choice, value, where);
      fitting += one.empty() ? 1U : 0U;
      wrong += one + "; ";
    }
    return fitting == 1 ? "" : wrong;
  }

  [[nodiscard]] std::string hold_members(const json::Value& schema, const json::Value& value,
                                         const std::string& where) const {
    for (const json::Value& required : schema["required"].elements()) {
      if (!value.find(required.as_string())) {
        return where + ": without " + std::string(required.as_string());
      }
    }
    for (const auto& [key, member] : value.members()) {
      const auto known = schema["properties"].find(key);
      auto wrong = known ? hold(*known, member, where + "." + std::string(key))
                         : where + ": unknown " + std::string(key);
      if (!wrong.empty()) {
        return wrong;
      }
    }
    return {};
  }

  static bool is_a(std::string_view type, const json::Value& value) {
    return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
           (type == "string" && value.is_string()) || (type == "boolean" && value.is_bool()) ||
           (type == "number" && value.is_number()) || (type == "integer" && value.as_integer());
  }
  static bool contains(const json::Value& words, std::string_view word) {
    const auto elements = words.elements();
    for (auto at = elements.begin(); !(at == elements.end()); ++at) {
      if ((*at).as_string() == word) {
        return true;
      }
    }
    return false;
  }

  json::Value root_;
};

}  // namespace visavis::conference
