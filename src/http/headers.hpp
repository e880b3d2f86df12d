#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace visavis::http {

/// True when both are equal but for the case of ASCII letters (RFC 9110 §5.1).
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

/// The fields of a message in the order they came; names compare without case (RFC 9110 §5.1).
class Headers {
 public:
  struct Field {
    std::string name;
    std::string value;
  };

  /// The first value under `name`; valid until the next change.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  /// How many fields bear `name`.
  [[nodiscard]] std::size_t count(std::string_view name) const;
  /// True when one of the comma-separated values under `name` is `token`, without case.
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;

  /// One more field, also when the name is there already.
  void add(std::string name, std::string value);
  /// The only field of that name from now on.
  void set(std::string name, std::string value);
  void remove(std::string_view name);

  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }
  [[nodiscard]] std::size_t size() const { return fields_.size(); }

 private:
  std::vector<Field> fields_;
};

}  // namespace visavis::http
