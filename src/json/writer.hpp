#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "json/date.hpp"
#include "json/value.hpp"

namespace visavis::json {

/// JSON text that is already written; put into an answer as it stands.
struct Raw {
  std::string text;
};

/// Appends `text` with quotes, escaped as `JSON.stringify` does. `text` is UTF-8; surrogates
/// without a partner (WTF-8) come out as \udXXX, any other invalid byte as U+FFFD.
void append_string(std::string& to, std::string_view text);
/// Appends a number as JavaScript writes it: "1", "0.1", "1e+21"; "null" for NaN and infinities.
void append_number(std::string& to, double number);

/// Writes one JSON text, front to back; commas are its own business.
///
///     Writer writer;
///     writer.begin_object().member("ok", true).key("slots").begin_array().number(1).end_array();
///     writer.end_object();
///     std::move(writer).text();   // {"ok":true,"slots":[1]}
class Writer {
 public:
  Writer() = default;
  /// With room set aside for a text of so many bytes.
  explicit Writer(std::size_t bytes) { text_.reserve(bytes); }

  Writer& begin_object() { return open('{'); }
  Writer& end_object() { return close('}'); }
  Writer& begin_array() { return open('['); }
  Writer& end_array() { return close(']'); }
  Writer& key(std::string_view name);

  Writer& string(std::string_view text);
  Writer& number(double number);
  Writer& number(std::int64_t number);
  Writer& number(std::uint64_t number);
  template <std::integral Integer>
  Writer& number(Integer of) {
    if constexpr (std::signed_integral<Integer>) {
      return number(static_cast<std::int64_t>(of));
    } else {
      return number(static_cast<std::uint64_t>(of));
    }
  }
  Writer& boolean(bool of);
  Writer& null();
  Writer& raw(std::string_view text);
  /// A value written anew, as `JSON.stringify` would after `JSON.parse` (but that JavaScript puts
  /// names that are whole numbers first): no spaces, no needless escapes, no name twice.
  /// `value()` is quicker: it copies the text as it came.
  Writer& rewritten(const Value& of);

  /// A value by its own type: strings, numbers, bool, nullptr, dates, `Value`, `Raw`.
  Writer& value(std::string_view text) { return string(text); }
  Writer& value(const char* text) { return string(text); }
  Writer& value(const std::string& text) { return string(text); }
  Writer& value(std::nullptr_t) { return null(); }
  Writer& value(const Value& of) { return raw(of.raw()); }
  Writer& value(const Raw& of) { return raw(of.text); }
  template <class Precision>
  Writer& value(std::chrono::sys_time<Precision> of) {
    return string(to_iso_string(std::chrono::floor<std::chrono::milliseconds>(of)));
  }
  Writer& value(std::same_as<bool> auto of) { return boolean(of); }
  Writer& value(std::floating_point auto of) { return number(static_cast<double>(of)); }
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool>)
  Writer& value(Integer of) {
    return number(of);
  }

  template <class Of>
  Writer& member(std::string_view name, const Of& of) {
    key(name);
    return value(of);
  }

  [[nodiscard]] const std::string& text() const& { return text_; }
  [[nodiscard]] std::string text() && { return std::move(text_); }
  [[nodiscard]] Raw take() && { return {std::move(text_)}; }

 private:
  Writer& open(char bracket);
  Writer& close(char bracket);
  void separate();

  std::string text_;
  bool comma_due_ = false;
};

}  // namespace visavis::json
