#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
/// All of them stand in one text: each idle connection keeps those that it came with.
class Headers {
 public:
  /// Valid until the next change.
  struct Field {
    std::string_view name;
    std::string_view value;
  };
  class Iterator;

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
  /// Sets aside room for so many fields, with so many bytes of names and values together.
  void reserve(std::size_t fields, std::size_t bytes);
  /// Gives back what was set aside for more.
  void shrink_to_fit();

  [[nodiscard]] Iterator begin() const;
  [[nodiscard]] Iterator end() const;
  [[nodiscard]] std::size_t size() const { return extents_.size(); }
  /// How long they are as lines of a message.
  [[nodiscard]] std::size_t written_bytes() const {
    constexpr std::size_t kAround = 4;  // ": " and the line's end
    return text_.size() + (kAround * extents_.size());
  }

 private:
  /// Of a field in `text_`: its value follows its name, and the next field its value.
  struct Extent {
    std::uint32_t name_size = 0;
    std::uint32_t value_size = 0;

    [[nodiscard]] std::size_t size() const { return std::size_t{name_size} + value_size; }
  };

  [[nodiscard]] Field field(std::size_t start, const Extent& extent) const;

  std::string text_;
  std::vector<Extent> extents_;
};

class Headers::Iterator {
 public:
  // NOLINTBEGIN(readability-identifier-naming): std::iterator_traits asks for these names.
  using value_type = Field;
  using difference_type = std::ptrdiff_t;
  // NOLINTEND(readability-identifier-naming)

  Iterator() = default;
  [[nodiscard]] Field operator*() const { return of_->field(start_, of_->extents_[index_]); }
  Iterator& operator++() {
    start_ += of_->extents_[index_].size();
    ++index_;
    return *this;
  }
  Iterator operator++(int) {
    const Iterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Iterator& a, const Iterator& b) {
    return a.of_ == b.of_ && a.index_ == b.index_;
  }

 private:
  friend class Headers;
  Iterator(const Headers& of, std::size_t index) : of_(&of), index_(index) {}

  const Headers* of_ = nullptr;
  std::size_t index_ = 0;
  std::size_t start_ = 0;  // of its field in the text
};

inline Headers::Field Headers::field(std::size_t start, const Extent& extent) const {
  return {.name = {text_.data() + start, extent.name_size},
          .value = {text_.data() + start + extent.name_size, extent.value_size}};
}

inline Headers::Iterator Headers::begin() const {
  return {*this, 0};
}

inline Headers::Iterator Headers::end() const {
  return {*this, extents_.size()};
}

}  // namespace visavis::http
