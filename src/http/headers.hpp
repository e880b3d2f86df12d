#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace visavis::http {

/// The letter in lower case if it is an ASCII one.
[[nodiscard]] constexpr char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

/// True when both are equal but for the case of ASCII letters (RFC 9110 §5.1).
[[nodiscard]] inline bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::ranges::equal(a, b, {}, lower, lower);
}

/// The fields of a message in the order they came; names compare without case (RFC 9110 §5.1).
///
/// All of them stand in one piece of memory: each idle connection keeps those that it came with.
class Headers {
 public:
  /// Valid until the next change.
  struct Field {
    std::string_view name;
    std::string_view value;
  };
  class Iterator;

  Headers() = default;
  Headers(const Headers&) = default;
  Headers& operator=(const Headers&) = default;
  /// What was moved from has no fields.
  Headers(Headers&& other) noexcept
      : text_(std::exchange(other.text_, {})), fields_(std::exchange(other.fields_, 0)) {}
  Headers& operator=(Headers&& other) noexcept {
    text_ = std::exchange(other.text_, {});
    fields_ = std::exchange(other.fields_, 0);
    return *this;
  }
  ~Headers() = default;

  /// The first value under `name`; valid until the next change.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  /// How many fields bear `name`.
  [[nodiscard]] std::size_t count(std::string_view name) const;
  /// True when one of the comma-separated values under `name` is `token`, without case.
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;

  /// One more field, also when the name is there already. `name` and `value` are copied and must
  /// not be of this object.
  void add(std::string_view name, std::string_view value);
  /// The only field of that name from now on.
  void set(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  /// Forgets them all, but keeps their room.
  void clear();
  /// Sets aside room for so many fields, with so many bytes of names and values together. A copy
  /// has no room for more.
  void reserve(std::size_t fields, std::size_t bytes);

  [[nodiscard]] Iterator begin() const;
  [[nodiscard]] Iterator end() const;
  [[nodiscard]] std::size_t size() const { return fields_; }
  /// How long they are as lines of a message.
  [[nodiscard]] std::size_t written_bytes() const {
    constexpr std::size_t kAround = 4;  // ": " and the line's end
    return text_.size() + (kAround * fields_) - (sizeof(Extent) * fields_);
  }

 private:
  /// Stands before each field; then come its name, its value and the next one's extent.
  struct Extent {
    std::uint32_t name_size = 0;
    std::uint32_t value_size = 0;

    [[nodiscard]] std::size_t size() const {
      return sizeof(Extent) + std::size_t{name_size} + value_size;
    }
  };

  [[nodiscard]] Extent extent_at(std::size_t start) const;
  [[nodiscard]] Field field_at(std::size_t start) const;

  std::string text_;
  std::size_t fields_ = 0;
};

class Headers::Iterator {
 public:
  // NOLINTBEGIN(readability-identifier-naming): std::iterator_traits asks for these names.
  using value_type = Field;
  using difference_type = std::ptrdiff_t;
  // NOLINTEND(readability-identifier-naming)

  Iterator() = default;
  [[nodiscard]] Field operator*() const { return of_->field_at(start_); }
  Iterator& operator++() {
    start_ += of_->extent_at(start_).size();
    return *this;
  }
  Iterator operator++(int) {
    const Iterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Iterator& a, const Iterator& b) {
    return a.of_ == b.of_ && a.start_ == b.start_;
  }

 private:
  friend class Headers;
  Iterator(const Headers& of, std::size_t start) : of_(&of), start_(start) {}

  const Headers* of_ = nullptr;
  std::size_t start_ = 0;
};

inline Headers::Extent Headers::extent_at(std::size_t start) const {
  Extent extent;
  std::memcpy(&extent, text_.data() + start, sizeof(extent));
  return extent;
}

inline Headers::Field Headers::field_at(std::size_t start) const {
  const Extent extent = extent_at(start);
  const char* const name = text_.data() + start + sizeof(extent);
  return {.name = {name, extent.name_size}, .value = {name + extent.name_size, extent.value_size}};
}

inline Headers::Iterator Headers::begin() const {
  return {*this, 0};
}

inline Headers::Iterator Headers::end() const {
  return {*this, text_.size()};
}

}  // namespace visavis::http
