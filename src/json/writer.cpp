#include "json/writer.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "json/utf8.hpp"

namespace visavis::json {
namespace {

void append_unicode_escape(std::string& to, char32_t code) {
  constexpr std::string_view kHex = "0123456789abcdef";
  to += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) {
    to.push_back(kHex[(code >> shift) & 0xFU]);
  }
}

/// `byte` is below 0x20, a quotation mark or a backslash.
void append_escape(std::string& to, char byte) {
  constexpr std::string_view kBytes = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  if (const std::size_t at = kBytes.find(byte); at != std::string_view::npos) {
    to.push_back('\\');
    to.push_back(kLetters[at]);
  } else {
    append_unicode_escape(to, static_cast<unsigned char>(byte));
  }
}

/// One character beyond ASCII at the front of `text`; returns the bytes it took.
std::size_t append_wide(std::string& to, std::string_view text) {
  const Character first = first_character(text);
  if (first.size == 0) {
    append_character(to, 0xFFFD);
    return 1;
  }
  if (!first.is_surrogate()) {
    to.append(text.substr(0, first.size));
    return first.size;
  }
  if (is_high_surrogate(first.code) && text.size() > first.size) {
    // Two halves that were put together after they were read: JavaScript sees one character.
    const Character second = first_character(text.substr(first.size));
    if (second.size > 0 && is_low_surrogate(second.code)) {
      append_character(to, join_surrogates(first.code, second.code));
      return first.size + second.size;
    }
  }
  append_unicode_escape(to, first.code);
  return first.size;
}

/// The shortest digits that give the number back, and where the decimal point stands among them
/// (ECMAScript's Number::toString has n for it).
struct Decimal {
  std::string digits;
  int point = 0;
};

Decimal shortest_decimal(double number) {
  std::array<char, 32> buffer{};
  const char* const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                        std::chars_format::scientific)
                              .ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t e = text.find('e');
  Decimal decimal;
  decimal.digits = text.substr(0, 1);
  if (e > 2) {
    decimal.digits += text.substr(2, e - 2);
  }
  const std::size_t power = e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(text.data() + power, text.data() + text.size(), decimal.point);
  ++decimal.point;
  return decimal;
}

}  // namespace

void append_string(std::string& to, std::string_view text) {
  to.push_back('"');
  std::size_t plain = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\') {
      ++at;
      continue;
    }
    to.append(text.substr(plain, at - plain));
    if (byte < 0x80) {
      append_escape(to, text[at]);
      ++at;
    } else {
      at += append_wide(to, text.substr(at));
    }
    plain = at;
  }
  to.append(text.substr(plain));
  to.push_back('"');
}

// ECMAScript 2024, 6.1.6.1.20 Number::toString.
void append_number(std::string& to, double number) {
  if (!std::isfinite(number)) {
    to += "null";
    return;
  }
  if (number == 0) {
    to += '0';  // -0 too
    return;
  }
  if (number < 0) {
    to += '-';
  }
  const Decimal decimal = shortest_decimal(std::abs(number));
  const auto count = static_cast<int>(decimal.digits.size());
  const auto first = [&](int digits) {
    return decimal.digits.substr(0, static_cast<std::size_t>(digits));
  };
  const auto zeros = [](int many) { return std::string(static_cast<std::size_t>(many), '0'); };
  if (count <= decimal.point && decimal.point <= 21) {
    to += decimal.digits + zeros(decimal.point - count);
  } else if (decimal.point > 0 && decimal.point <= 21) {
    to +=
        first(decimal.point) + '.' + decimal.digits.substr(static_cast<std::size_t>(decimal.point));
  } else if (decimal.point > -6 && decimal.point <= 0) {
    to += "0." + zeros(-decimal.point) + decimal.digits;
  } else {
    to += first(1);
    if (count > 1) {
      to += '.' + decimal.digits.substr(1);
    }
    to += decimal.point > 0 ? "e+" : "e-";
    to += std::to_string(std::abs(decimal.point - 1));
  }
}

void Writer::separate() {
  if (comma_due_) {
    text_.push_back(',');
  }
  comma_due_ = true;
}

Writer& Writer::open(char bracket) {
  separate();
  text_.push_back(bracket);
  comma_due_ = false;
  return *this;
}

Writer& Writer::close(char bracket) {
  text_.push_back(bracket);
  comma_due_ = true;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  separate();
  append_string(text_, name);
  text_.push_back(':');
  comma_due_ = false;
  return *this;
}

Writer& Writer::string(std::string_view text) {
  separate();
  append_string(text_, text);
  return *this;
}

Writer& Writer::number(double number) {
  separate();
  append_number(text_, number);
  return *this;
}

Writer& Writer::number(std::int64_t number) {
  separate();
  text_ += std::to_string(number);
  return *this;
}

Writer& Writer::number(std::uint64_t number) {
  separate();
  text_ += std::to_string(number);
  return *this;
}

Writer& Writer::boolean(bool of) {
  return raw(of ? "true" : "false");
}

Writer& Writer::null() {
  return raw("null");
}

Writer& Writer::raw(std::string_view text) {
  separate();
  text_ += text;
  return *this;
}

// As deep as the reader lets a value be.
// NOLINTNEXTLINE(misc-no-recursion)
Writer& Writer::rewritten(const Value& of) {
  switch (of.type()) {
    case Type::kNull: return null();
    case Type::kBool: return boolean(of.as_bool());
    case Type::kNumber: return number(of.as_number());
    case Type::kString: return string(of.as_string());
    case Type::kArray:
      begin_array();
      for (const Value& element : of.elements()) {
        rewritten(element);
      }
      return end_array();
    case Type::kObject:
      begin_object();
      for (const Member& member : of.members()) {
        key(member.key).rewritten(member.value);
      }
      return end_object();
  }
  return *this;
}

}  // namespace visavis::json
