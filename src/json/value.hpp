#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace visavis::json {

class Document;

enum class Type : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

enum class ParseError : std::uint8_t {
  kSyntax,
  kInvalidUtf8,
  kTooDeep,   ///< more than `kDepthMax` arrays and objects in each other
  kTooLarge,  ///< more text or more values than 32 bits count
};

/// Node's parser takes any depth until its stack ends; nobody's messages come near this.
inline constexpr std::size_t kDepthMax = 512;

/// One value of a parsed JSON text, as JavaScript's `JSON.parse` would give it. Immutable; a copy
/// costs one count, and keeps the whole text alive. A default one is null.
///
/// Nothing here fails: what is not there, or is of another type, reads as null, zero, "" or
/// whatever the caller gave as `otherwise`; so a chain of `find()` needs one check at its end.
class Value {
 public:
  Value() = default;

  [[nodiscard]] Type type() const;
  [[nodiscard]] bool is_null() const { return type() == Type::kNull; }
  [[nodiscard]] bool is_bool() const { return type() == Type::kBool; }
  [[nodiscard]] bool is_number() const { return type() == Type::kNumber; }
  [[nodiscard]] bool is_string() const { return type() == Type::kString; }
  [[nodiscard]] bool is_array() const { return type() == Type::kArray; }
  [[nodiscard]] bool is_object() const { return type() == Type::kObject; }

  [[nodiscard]] bool as_bool(bool otherwise = false) const;
  /// Every number is a double, as in JavaScript: 1e400 is Infinity, 2^53 + 1 is rounded.
  [[nodiscard]] double as_number(double otherwise = std::numeric_limits<double>::quiet_NaN()) const;
  /// The number when it is a whole one and an int64 holds it, else nothing.
  [[nodiscard]] std::optional<std::int64_t> as_integer() const;
  /// Escapes decoded. UTF-8, but for a surrogate without its partner ("\ud800"), which JavaScript
  /// allows: it stands as the three bytes that UTF-8 forbids (WTF-8), and `Writer` writes it back.
  /// Lives as long as any value of this text.
  [[nodiscard]] std::string_view as_string(std::string_view otherwise = {}) const;

  /// Elements of an array, members of an object; 0 for all else.
  [[nodiscard]] std::size_t size() const;
  /// The element, or the value of the member, at this place; null past the end. Constant time.
  [[nodiscard]] Value at(std::size_t index) const;
  /// The name of the member at this place of an object; "" past the end.
  [[nodiscard]] std::string_view key_at(std::size_t index) const;
  /// The member of this name, if this is an object that has it. A name given twice counts once,
  /// with the last value, as in JavaScript.
  [[nodiscard]] std::optional<Value> find(std::string_view key) const;
  /// As `find()`, but null where there is none: `value["user"]["name"].as_string()`.
  [[nodiscard]] Value operator[](std::string_view key) const;

  /// The members of an object, in the order of the text: `for (auto [key, value] : v.members())`.
  class Members;
  [[nodiscard]] Members members() const;
  /// The elements of an array: `for (Value element : v.elements())`.
  class Elements;
  [[nodiscard]] Elements elements() const;

  /// The text of this value as it came ("null" for a default one): to relay it, nothing is written
  /// again.
  [[nodiscard]] std::string_view raw() const;

 private:
  friend class Document;
  Value(std::shared_ptr<const Document> document, std::uint32_t node)
      : document_(std::move(document)), node_(node) {}

  // Shared by all values of one text.
  std::shared_ptr<const Document> document_;
  std::uint32_t node_ = 0;
};

struct Member {
  std::string_view key;
  Value value;
};

namespace detail {
/// Walks the places 0 … size-1 of a value; what a place gives, `Take` says.
template <class Take>
class Places {
 public:
  class Iterator {
   public:
    Iterator(const Value* of, std::size_t at) : of_(of), at_(at) {}
    [[nodiscard]] auto operator*() const { return Take{}(*of_, at_); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    [[nodiscard]] bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const Value* of_;
    std::size_t at_;
  };

  Places(Value of, std::size_t count) : of_(std::move(of)), count_(count) {}
  [[nodiscard]] Iterator begin() const { return {&of_, 0}; }
  [[nodiscard]] Iterator end() const { return {&of_, count_}; }

 private:
  Value of_;
  std::size_t count_;
};

struct TakeMember {
  Member operator()(const Value& of, std::size_t at) const {
    return {.key = of.key_at(at), .value = of.at(at)};
  }
};
struct TakeElement {
  Value operator()(const Value& of, std::size_t at) const { return of.at(at); }
};
}  // namespace detail

class Value::Members : public detail::Places<detail::TakeMember> {
  using Places::Places;
};
class Value::Elements : public detail::Places<detail::TakeElement> {
  using Places::Places;
};

/// Reads one JSON text (RFC 8259) by JavaScript's rules. Invalid UTF-8 is refused.
[[nodiscard]] std::expected<Value, ParseError> parse(std::string_view text);
/// The same without a copy of the text.
[[nodiscard]] std::expected<Value, ParseError> parse(std::string&& text);
[[nodiscard]] inline std::expected<Value, ParseError> parse(const char* text) {
  return parse(std::string_view(text));
}

}  // namespace visavis::json
